// SPDX-License-Identifier: Apache-2.0

// What can go wrong with the application's service and with a run.
extension FailureTexts {
    static let serviceCannotStart = FailureTexts(
        LocalizedText(
            it: "Il comando «{command}» non si può avviare[[ ({reason})]].",
            en: "The command “{command}” cannot be started[[ ({reason})]].",
            fr: "La commande « {command} » ne peut pas être lancée[[ ({reason})]].",
            de: "Der Befehl „{command}“ kann nicht gestartet werden[[ ({reason})]]."),
        .rolledBack,
        LocalizedText(
            it: "Controllare «service.command» nella configurazione e il diario dell'applicazione («ricambio logs»).",
            en: "Check “service.command” in the configuration and the application's log (“ricambio logs”).",
            fr: "Vérifiez « service.command » dans la configuration et le journal de l'application "
                + "(« ricambio logs »).",
            de: "Prüfen Sie „service.command“ in der Konfiguration und das Protokoll der Anwendung („ricambio logs“)."))

    static let serviceExited = FailureTexts(
        LocalizedText(
            it: "L'applicazione[[, versione {version},]] è terminata appena avviata[[ (codice {status})]]"
                + "[[: {reason}]].",
            en: "The application[[, version {version},]] ended as soon as it was started[[ (status {status})]]"
                + "[[: {reason}]].",
            fr: "L'application[[ en version {version}]] s'est terminée dès son démarrage[[ (code {status})]]"
                + "[[ : {reason}]].",
            de: "Die Anwendung[[ in Version {version}]] hat sich gleich nach dem Start beendet[[ (Code {status})]]"
                + "[[: {reason}]]."),
        .rolledBack,
        LocalizedText(
            it: "Leggere il diario dell'applicazione («ricambio logs») e inviarlo al produttore.",
            en: "Read the application's log (“ricambio logs”) and send it to the vendor.",
            fr: "Lisez le journal de l'application (« ricambio logs ») et envoyez-le à l'éditeur.",
            de: "Lesen Sie das Protokoll der Anwendung („ricambio logs“) und senden Sie es dem Hersteller."))

    static let serviceDoesNotStop = FailureTexts(
        LocalizedText(
            it: "Il servizio non si è fermato[[ entro {seconds}]], neppure dopo essere stato forzato[[ ({reason})]].",
            en: "The service did not stop[[ within {seconds}]], not even after it was forced to[[ ({reason})]].",
            fr: "Le service ne s'est pas arrêté[[ en {seconds}]], même après y avoir été forcé[[ ({reason})]].",
            de: "Der Dienst hat[[ innerhalb von {seconds}]] nicht angehalten, auch nicht, als er dazu gezwungen "
                + "wurde[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Verificare che cosa trattiene il processo (disco o rete bloccati), aumentare se serve "
                + "«service.stopTimeout», poi ordinare di nuovo l'aggiornamento.",
            en: "Find out what holds the process (a stuck disk or network), raise “service.stopTimeout” if need be, "
                + "then order the update again.",
            fr: "Cherchez ce qui retient le processus (disque ou réseau bloqué), augmentez au besoin "
                + "« service.stopTimeout », puis relancez la mise à jour.",
            de: "Stellen Sie fest, was den Prozess festhält (Datenträger oder Netz), erhöhen Sie nötigenfalls "
                + "„service.stopTimeout“ und starten Sie die Aktualisierung dann erneut."))

    static let healthCheckFailed = FailureTexts(
        LocalizedText(
            it: "La versione {version} non è risultata sana entro {seconds}[[ ({reason})]].",
            en: "Version {version} did not become healthy within {seconds}[[ ({reason})]].",
            fr: "La version {version} n'a pas réussi le contrôle de bon fonctionnement en {seconds}[[ ({reason})]].",
            de: "Die Version {version} hat die Funktionsprüfung innerhalb von {seconds} nicht bestanden"
                + "[[ ({reason})]]."),
        .rolledBack,
        LocalizedText(
            it: "Leggere il diario dell'applicazione («ricambio logs»). Se le serve più tempo, aumentare "
                + "«health.timeout»; altrimenti inviare il diario al produttore.",
            en:
                "Read the application's log (“ricambio logs”). If it needs more time, raise “health.timeout”; otherwise "
                + "send the log to the vendor.",
            fr: "Lisez le journal de l'application (« ricambio logs »). S'il lui faut plus de temps, augmentez "
                + "« health.timeout » ; sinon envoyez le journal à l'éditeur.",
            de: "Lesen Sie das Protokoll der Anwendung („ricambio logs“). Braucht sie mehr Zeit, erhöhen Sie "
                + "„health.timeout“; andernfalls senden Sie das Protokoll dem Hersteller."))

    static let wrongVersion = FailureTexts(
        LocalizedText(
            it: "L'applicazione si dichiara nella versione {found}, ma doveva essere la {expected}.",
            en: "The application says that it is version {found}, but {expected} was expected.",
            fr: "L'application se déclare en version {found}, alors que la version {expected} était attendue.",
            de: "Die Anwendung meldet Version {found}, erwartet wurde {expected}."),
        .rolledBack,
        LocalizedText(
            it: "Verificare che nessun'altra copia dell'applicazione usi la stessa porta e che «health» la interroghi "
                + "davvero; poi avvertire il produttore.",
            en: "See that no other copy of the application uses the same port and that “health” really asks this one; "
                + "then tell the vendor.",
            fr: "Vérifiez qu'aucune autre copie de l'application n'utilise le même port et que « health » interroge "
                + "bien celle-ci ; puis prévenez l'éditeur.",
            de: "Prüfen Sie, ob keine andere Kopie der Anwendung denselben Port verwendet und „health“ wirklich diese "
                + "abfragt; verständigen Sie dann den Hersteller."))

    static let rollbackFailed = FailureTexts(
        LocalizedText(
            it: "L'aggiornamento non è riuscito[[ ({cause})]], e non è riuscito nemmeno il ritorno alla versione "
                + "precedente[[ {from}]][[: {reason}]].",
            en: "The update failed[[ ({cause})]], and going back to the previous version[[ {from}]] failed too"
                + "[[: {reason}]].",
            fr: "La mise à jour a échoué[[ ({cause})]], et le retour à la version précédente[[ {from}]] a échoué aussi"
                + "[[ : {reason}]].",
            de: "Die Aktualisierung ist fehlgeschlagen[[ ({cause})]], und auch die Rückkehr zur vorherigen Version"
                + "[[ {from}]] ist misslungen[[: {reason}]]."),
        .notRunning,
        LocalizedText(
            it: "Intervenire subito: [[fermare l'applicazione e ripristinarne i dati da {saved}; ]]leggere il diario "
                + "dell'applicazione («ricambio logs») ed eliminare la causa; l'agente riavvia ciò che non è in "
                + "funzione.",
            en: "Act now: [[stop the application and give its data back from {saved}; ]]read the application's log "
                + "(“ricambio logs”) and remove the cause; the agent restarts what is not running.",
            fr: "Intervenez sans tarder : [[arrêtez l'application et restaurez ses données depuis {saved} ; ]]lisez le "
                + "journal de l'application (« ricambio logs ») et éliminez la cause ; l'agent redémarre ce qui n'est "
                + "pas en marche.",
            de:
                "Handeln Sie jetzt: [[Halten Sie die Anwendung an und geben Sie ihr die Daten aus {saved} zurück; ]]lesen "
                + "Sie das Protokoll der Anwendung („ricambio logs“) und beheben Sie die Ursache; der Agent startet "
                + "neu, was nicht läuft."))

    static let cancelled = FailureTexts(
        LocalizedText(
            it: "L'aggiornamento è stato annullato[[ da {by}]].", en: "The update was cancelled[[ by {by}]].",
            fr: "La mise à jour a été annulée[[ par {by}]].",
            de: "Die Aktualisierung wurde[[ von {by}]] abgebrochen."),
        .untouched,
        LocalizedText(
            it: "Si può ordinare di nuovo quando si vuole.", en: "It can be ordered again at any time.",
            fr: "Elle peut être relancée à tout moment.", de: "Sie kann jederzeit erneut gestartet werden."))

    static let interrupted = FailureTexts(
        LocalizedText(
            it: "L'agente è stato interrotto durante il passo «{step}».",
            en: "The agent was interrupted during the step “{step}”.",
            fr: "L'agent a été interrompu pendant l'étape « {step} ».",
            de: "Der Agent wurde während des Schritts „{step}“ unterbrochen."),
        .rolledBack,
        LocalizedText(
            it: "Nessuna riparazione è necessaria: ordinare di nuovo l'aggiornamento.",
            en: "Nothing needs to be repaired: order the update again.",
            fr: "Aucune réparation n'est nécessaire : relancez la mise à jour.",
            de: "Es muss nichts repariert werden: Starten Sie die Aktualisierung erneut."))

    static let deadlinePassed = FailureTexts(
        LocalizedText(
            it: "L'aggiornamento non si è concluso entro il suo tempo[[ di {seconds}]].",
            en: "The update did not finish within its time[[ of {seconds}]].",
            fr: "La mise à jour ne s'est pas terminée dans le temps imparti[[ de {seconds}]].",
            de: "Die Aktualisierung wurde nicht in der vorgesehenen Zeit[[ von {seconds}]] fertig."),
        .untouched,
        LocalizedText(
            it: "Leggere nella cronologia quale passo è durato troppo («ricambio history»), poi riprovare.",
            en: "See in the history which step took too long (“ricambio history”), then try again.",
            fr: "Voyez dans l'historique quelle étape a duré trop longtemps (« ricambio history »), puis réessayez.",
            de: "Sehen Sie im Verlauf nach, welcher Schritt zu lange gedauert hat („ricambio history“), und versuchen "
                + "Sie es erneut."))

    static let alreadyInstalled = FailureTexts(
        LocalizedText(
            it: "La versione {version} è già installata.", en: "Version {version} is already installed.",
            fr: "La version {version} est déjà installée.", de: "Die Version {version} ist bereits installiert."),
        .untouched,
        LocalizedText(
            it: "Non c'è nulla da fare.", en: "There is nothing to do.", fr: "Il n'y a rien à faire.",
            de: "Es ist nichts zu tun."))

    static let updateRunning = FailureTexts(
        LocalizedText(
            it: "Per questa installazione è già in corso o in programma un aggiornamento.",
            en: "An update of this installation is already running or scheduled.",
            fr: "Une mise à jour de cette installation est déjà en cours ou programmée.",
            de: "Für diese Installation läuft bereits eine Aktualisierung, oder sie ist geplant."),
        .nothingChanged,
        LocalizedText(
            it: "Seguirlo con «ricambio watch» o annullarlo con «ricambio cancel».",
            en: "Follow it with “ricambio watch” or cancel it with “ricambio cancel”.",
            fr: "Suivez-la avec « ricambio watch » ou annulez-la avec « ricambio cancel ».",
            de: "Verfolgen Sie sie mit „ricambio watch“ oder brechen Sie sie mit „ricambio cancel“ ab."))

    static let tooLateToCancel = FailureTexts(
        LocalizedText(
            it: "È troppo tardi per annullare: il servizio viene già fermato, oppure l'aggiornamento è concluso.",
            en: "It is too late to cancel: the service is being stopped already, or the update has ended.",
            fr: "Il est trop tard pour annuler : l'arrêt du service a commencé, ou la mise à jour est terminée.",
            de: "Zum Abbrechen ist es zu spät: Der Dienst wird bereits angehalten, oder die Aktualisierung ist beendet."
        ),
        .nothingChanged,
        LocalizedText(
            it: "Attendere la conclusione: se la nuova versione non risulta sana, torna da sola la precedente.",
            en:
                "Wait for it to end: if the new version does not become healthy, the previous one comes back by itself.",
            fr: "Attendez la fin : si la nouvelle version ne fonctionne pas, l'ancienne revient d'elle-même.",
            de: "Warten Sie das Ende ab: Funktioniert die neue Version nicht, kehrt die vorherige von selbst zurück."))

    static let unexpected = FailureTexts(
        LocalizedText(
            it: "È accaduto qualcosa di imprevisto[[: {reason}]].", en: "Something unexpected happened[[: {reason}]].",
            fr: "Un événement imprévu s'est produit[[ : {reason}]].",
            de: "Etwas Unerwartetes ist geschehen[[: {reason}]]."),
        .nothingChanged,
        LocalizedText(
            it: "Riprovare. Se succede ancora, leggere il diario dell'agente e inviarlo a chi lo sviluppa.",
            en: "Try again. If it happens again, read the agent's log and send it to its developers.",
            fr: "Réessayez. Si cela se reproduit, lisez le journal de l'agent et envoyez-le à ses développeurs.",
            de: "Versuchen Sie es erneut. Geschieht es wieder, lesen Sie das Protokoll des Agenten und senden Sie es "
                + "dessen Entwicklern."))
}
