// SPDX-License-Identifier: Apache-2.0

// What can be wrong with the application that runs, before an update begins and while it is stopped.
extension FailureTexts {
    static let serviceUnhealthy = FailureTexts(
        LocalizedText(
            it: "La versione installata[[ {version}]] è ferma o non supera il proprio controllo[[ ({reason})]]: un "
                + "aggiornamento riuscito non si distinguerebbe da uno fallito.",
            en: "The installed version[[ {version}]] is down or does not pass its own health check[[ ({reason})]]: an "
                + "update that worked could not be told from one that failed.",
            fr: "La version installée[[ {version}]] est arrêtée ou ne réussit pas son propre contrôle[[ ({reason})]] : "
                + "une mise à jour réussie ne se distinguerait pas d'un échec.",
            de: "Die installierte Version[[ {version}]] läuft nicht oder besteht ihre eigene Funktionsprüfung nicht"
                + "[[ ({reason})]]: Eine gelungene Aktualisierung wäre von einer misslungenen nicht zu unterscheiden."),
        .nothingChanged,
        LocalizedText(
            it: "Rimettere in funzione l'applicazione («ricambio logs») o correggere «health» nella configurazione. Se "
                + "l'aggiornamento è proprio la riparazione, ordinarlo con «ricambio update --repair».",
            en: "Repair the application (“ricambio logs”) or correct “health” in the configuration. If the update is "
                + "meant to be the repair, order it with “ricambio update --repair”.",
            fr: "Réparez l'application (« ricambio logs ») ou corrigez « health » dans la configuration. Si la mise à "
                + "jour doit être la réparation, demandez-la avec « ricambio update --repair ».",
            de: "Reparieren Sie die Anwendung („ricambio logs“) oder berichtigen Sie „health“ in der Konfiguration. "
                + "Soll die Aktualisierung die Reparatur sein, bestellen Sie sie mit „ricambio update --repair“."))

    static let stillAnswers = FailureTexts(
        LocalizedText(
            it: "Dopo l'arresto del servizio il suo controllo riusciva ancora[[ ({reason})]]: risponde qualcos'altro"
                + "[[, {listener}]].",
            en: "After the service was stopped its health check still passed[[ ({reason})]]: something else answers"
                + "[[, {listener}]].",
            fr: "Après l'arrêt du service, son contrôle réussissait encore[[ ({reason})]] : quelque chose d'autre "
                + "répond[[, {listener}]].",
            de: "Nachdem der Dienst angehalten war, wurde seine Funktionsprüfung noch bestanden[[ ({reason})]]: Etwas "
                + "anderes antwortet[[, {listener}]]."),
        .rolledBack,
        LocalizedText(
            it: "Terminare il programma che risponde[[ ({listener})]], o far sì che «health» interroghi solo questa "
                + "installazione; poi ordinare di nuovo l'aggiornamento.",
            en: "End the program that answers[[ ({listener})]], or make “health” ask this installation alone; then "
                + "order the update again.",
            fr: "Arrêtez le programme qui répond[[ ({listener})]], ou faites que « health » n'interroge que cette "
                + "installation ; puis relancez la mise à jour.",
            de: "Beenden Sie das Programm, das antwortet[[ ({listener})]], oder lassen Sie „health“ nur diese "
                + "Installation fragen; bestellen Sie dann die Aktualisierung erneut."))

    static let wentToBackground = FailureTexts(
        LocalizedText(
            it: "Il comando «{command}» è terminato lasciando dietro di sé dei processi[[ ({count})]]: così l'agente "
                + "non può sapere se l'applicazione è in funzione, né fermarla bene.",
            en: "The command “{command}” returned and left processes behind[[ ({count})]]: the agent can neither know "
                + "whether the application runs, nor stop it well.",
            fr: "La commande « {command} » s'est terminée en laissant des processus derrière elle[[ ({count})]] : "
                + "l'agent ne peut ni savoir si l'application fonctionne, ni bien l'arrêter.",
            de: "Der Befehl „{command}“ ist zurückgekehrt und hat Prozesse hinterlassen[[ ({count})]]: So kann der "
                + "Agent weder wissen, ob die Anwendung läuft, noch sie richtig anhalten."),
        .serviceDown,
        LocalizedText(
            it: "Far girare l'applicazione in primo piano: indicare in «service.command» l'opzione che lo fa (per "
                + "esempio «--foreground» o «--no-daemon»), o «exec» come ultima riga dello script di avvio.",
            en: "Run it in the foreground: give “service.command” the option for that (for instance “--foreground” or "
                + "“--no-daemon”), or use “exec” in the last line of the start script.",
            fr: "Faites-la fonctionner au premier plan : donnez à « service.command » l'option prévue (par exemple "
                + "« --foreground » ou « --no-daemon »), ou « exec » à la dernière ligne du script de démarrage.",
            de: "Lassen Sie die Anwendung im Vordergrund laufen: mit der Option dafür in „service.command“ (zum "
                + "Beispiel „--foreground“ oder „--no-daemon“) oder mit „exec“ in der letzten Zeile des Startskripts."
        ))

    static let dataCommandFailed = FailureTexts(
        LocalizedText(
            it: "Il comando per i dati «{command}» non è riuscito[[: {reason}]].",
            en: "The data command “{command}” failed[[: {reason}]].",
            fr: "La commande de données « {command} » a échoué[[ : {reason}]].",
            de: "Der Datenbefehl „{command}“ ist fehlgeschlagen[[: {reason}]]."),
        .rolledBack,
        LocalizedText(
            it: "Leggere ciò che ha scritto («ricambio history»), provarlo a mano come utente dell'agente e "
                + "correggerlo in «data»; poi ordinare di nuovo l'aggiornamento.",
            en: "Read what it wrote (“ricambio history”), try it by hand as the agent's user and correct it under "
                + "“data”; then order the update again.",
            fr: "Lisez ce qu'elle a écrit (« ricambio history »), essayez-la à la main sous le compte de l'agent et "
                + "corrigez-la dans « data » ; puis relancez la mise à jour.",
            de: "Lesen Sie, was er ausgegeben hat („ricambio history“), probieren Sie ihn von Hand als Benutzer des "
                + "Agenten und berichtigen Sie ihn unter „data“; bestellen Sie dann die Aktualisierung erneut."))
}
