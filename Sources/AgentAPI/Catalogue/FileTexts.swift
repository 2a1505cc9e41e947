// SPDX-License-Identifier: Apache-2.0

// The customer's own files: what an update would do with them, and where they are after it. Without verbs that would
// have to agree with the number of files.
extension LocalizedText {
    /// `count`, `folder`, `time`
    static let foreignAhead = LocalizedText(
        it: "{count}, non del produttore e non in «keep». Dopo l'aggiornamento in: {folder}, per {time}",
        en: "{count}, neither the vendor's nor named in “keep”, will lie in {folder} for {time}",
        fr: "{count}, ni de l'éditeur, ni dans « keep ». Après la mise à jour dans : {folder}, pendant {time}",
        de: "{count}, weder vom Hersteller noch in „keep“. Nach der Aktualisierung in: {folder}, {time} lang")
    /// `count`
    static let foreignAheadDeleted = LocalizedText(
        it: "{count}, non del produttore e non in «keep». Dopo l'aggiornamento: eliminazione insieme alla cartella "
            + "della versione precedente («retention: 0»)",
        en: "{count}, neither the vendor's nor named in “keep”, will be deleted with the old version's folder "
            + "(“retention: 0”)",
        fr: "{count}, ni de l'éditeur, ni dans « keep ». Après la mise à jour : suppression avec le dossier de "
            + "l'ancienne version (« retention: 0 »)",
        de: "{count}, weder vom Hersteller noch in „keep“. Nach der Aktualisierung: Löschung mit dem Ordner der alten "
            + "Version („retention: 0“)")
    /// `count`, `folder`, `date`
    static let foreignNow = LocalizedText(
        it: "{count}, non del produttore e non in «keep»: ora in {folder}, fino al {date}",
        en: "{count}, neither the vendor's nor named in “keep”: now in {folder}, until {date}",
        fr: "{count}, ni de l'éditeur, ni dans « keep » : maintenant dans {folder}, jusqu'au {date}",
        de: "{count}, weder vom Hersteller noch in „keep“: jetzt in {folder}, bis {date}")
    /// `count`
    static let foreignDeleted = LocalizedText(
        it: "{count}, non del produttore e non in «keep»: eliminazione insieme alla cartella della versione precedente",
        en: "{count}, neither the vendor's nor named in “keep”: deleted with the old version's folder",
        fr: "{count}, ni de l'éditeur, ni dans « keep » : suppression avec le dossier de l'ancienne version",
        de: "{count}, weder vom Hersteller noch in „keep“: mit dem Ordner der alten Version gelöscht")
    static let oldFolder = LocalizedText(
        it: "cartella della versione precedente", en: "the old version's folder",
        fr: "dossier de l'ancienne version", de: "Ordner der alten Version")
    /// `count`
    static let notCarriedAhead = LocalizedText(
        it: "Non si può trasferire, o non per intero: {count}", en: "Cannot be carried over, or not whole: {count}",
        fr: "Impossible à reprendre, ou pas en entier : {count}",
        de: "Nicht oder nicht vollständig zu übernehmen: {count}")
    /// `count`
    static let notCarriedNow = LocalizedText(
        it: "Non trasferito, o non per intero: {count}", en: "Not carried over, or not whole: {count}",
        fr: "Non repris, ou pas en entier : {count}", de: "Nicht oder nicht vollständig übernommen: {count}")

    static let previousVersion = LocalizedText(
        it: "Versione precedente", en: "Previous version", fr: "Version précédente", de: "Vorherige Version")
    /// `version`, `folder`, `date`
    static let previousVersionKept = LocalizedText(
        it: "{version} in {folder}, fino al {date}", en: "{version} in {folder}, until {date}",
        fr: "{version} dans {folder}, jusqu'au {date}", de: "{version} in {folder}, bis {date}")
    static let remarks = LocalizedText(it: "Osservazioni", en: "Remarks", fr: "Remarques", de: "Anmerkungen")
    static let dataCommands = LocalizedText(
        it: "Comandi per i dati", en: "Data commands", fr: "Commandes de données", de: "Datenbefehle")
    /// `name`, `action`, `time`; `status` when it ended by itself
    static let dataCommandDone = LocalizedText(
        it: "{name}, {action}: codice di uscita {status}, {time}", en: "{name}, {action}: exit code {status}, {time}",
        fr: "{name}, {action} : code de sortie {status}, {time}", de: "{name}, {action}: Exit-Code {status}, {time}")
    /// `name`, `action`, `time`
    static let dataCommandEnded = LocalizedText(
        it: "{name}, {action}: non concluso, {time}", en: "{name}, {action}: did not come to its end, {time}",
        fr: "{name}, {action} : non terminée, {time}", de: "{name}, {action}: nicht zu Ende gelaufen, {time}")
}

extension NotCarriedFile.What {
    /// Argument `name` for ``attribute``, when it is known.
    var text: LocalizedText {
        switch self {
        case .special:
            LocalizedText(
                it: "dispositivo, socket o pipe", en: "a device, socket or pipe",
                fr: "périphérique, socket ou tube", de: "Gerät, Socket oder Pipe")
        case .immutableMark:
            LocalizedText(
                it: "contrassegno di immutabilità (chattr)", en: "its immutable mark (chattr)",
                fr: "marque d'immuabilité (chattr)", de: "Unveränderlich-Markierung (chattr)")
        case .owner: LocalizedText(it: "proprietario", en: "its owner", fr: "propriétaire", de: "Besitzer")
        case .group: LocalizedText(it: "gruppo", en: "its group", fr: "groupe", de: "Gruppe")
        case .accessList:
            LocalizedText(
                it: "lista di accesso (ACL)", en: "its access list (ACL)", fr: "liste d'accès (ACL)",
                de: "Zugriffsliste (ACL)")
        case .attribute:
            LocalizedText(
                it: "attributo esteso[[ {name}]]", en: "its extended attribute[[ {name}]]",
                fr: "attribut étendu[[ {name}]]", de: "erweitertes Attribut[[ {name}]]")
        }
    }
}

extension CommandOutput.Action {
    var text: LocalizedText {
        switch self {
        case .save: LocalizedText(it: "salvataggio", en: "save", fr: "sauvegarde", de: "Sichern")
        case .verify: LocalizedText(it: "verifica", en: "verify", fr: "vérification", de: "Prüfen")
        case .restore: LocalizedText(it: "ripristino", en: "restore", fr: "restauration", de: "Wiederherstellen")
        case .size: LocalizedText(it: "dimensione", en: "size", fr: "taille", de: "Größe")
        }
    }
}
