// SPDX-License-Identifier: Apache-2.0

// Why an order is not carried out, though nothing is wrong with the release or the place.
extension FailureTexts {
    static let notOfferedYet = FailureTexts(
        LocalizedText(
            it: "Il produttore distribuisce la versione {version} per gradi e non la offre ancora a questa "
                + "installazione.",
            en: "The vendor rolls version {version} out gradually and does not offer it to this installation yet.",
            fr: "L'éditeur diffuse la version {version} progressivement et ne la propose pas encore à cette "
                + "installation.",
            de: "Der Hersteller verteilt die Version {version} schrittweise und bietet sie dieser Installation noch "
                + "nicht an."),
        .untouched,
        LocalizedText(
            it: "Attendere, oppure chiederla espressamente: ricambio update --version {version}",
            en: "Wait, or ask for it by name: ricambio update --version {version}",
            fr: "Attendez, ou demandez-la expressément : ricambio update --version {version}",
            de: "Warten Sie, oder verlangen Sie sie ausdrücklich: ricambio update --version {version}"))

    static let missedItsTime = FailureTexts(
        LocalizedText(
            it: "L'aggiornamento non è partito all'ora ordinata[[ ({time})]]: l'agente non era in funzione, e ora è "
                + "troppo tardi.",
            en: "The update did not start at the time it was ordered for[[ ({time})]]: the agent was not running, and "
                + "now it is too late.",
            fr: "La mise à jour n'a pas démarré à l'heure prévue[[ ({time})]] : l'agent ne fonctionnait pas, et il est "
                + "maintenant trop tard.",
            de: "Die Aktualisierung begann nicht zur bestellten Zeit[[ ({time})]]: Der Agent lief nicht, und jetzt ist "
                + "es zu spät."),
        .untouched,
        LocalizedText(
            it: "Ordinare di nuovo l'aggiornamento, subito o per un'altra ora.",
            en: "Order the update again, now or for another time.",
            fr: "Relancez la mise à jour, tout de suite ou pour une autre heure.",
            de: "Bestellen Sie die Aktualisierung erneut, sofort oder für eine andere Zeit."))
}
