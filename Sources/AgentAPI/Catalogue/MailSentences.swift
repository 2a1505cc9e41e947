// SPDX-License-Identifier: Apache-2.0

// The sentences of the administrator's mail; arguments: `product`, `from`, `to`, `machine`, `installation`.
extension LocalizedText {
    static let mailSubjectUpdated = LocalizedText(
        it: "{product}: aggiornato da {from} a {to}[[ su {machine}]]",
        en: "{product}: updated from {from} to {to}[[ on {machine}]]",
        fr: "{product} : mis à jour de {from} vers {to}[[ sur {machine}]]",
        de: "{product}: von {from} auf {to} aktualisiert[[ ({machine})]]")
    static let mailSubjectRolledBack = LocalizedText(
        it: "{product}: aggiornamento a {to} non riuscito, è di nuovo in funzione {from}[[ su {machine}]]",
        en: "{product}: update to {to} rolled back, {from} is running again[[ on {machine}]]",
        fr: "{product} : échec de la mise à jour vers {to}, la version {from} est de nouveau en marche"
            + "[[ sur {machine}]]",
        de: "{product}: Aktualisierung auf {to} zurückgenommen, {from} läuft wieder[[ ({machine})]]")
    static let mailSubjectCancelled = LocalizedText(
        it: "{product}: aggiornamento a {to} annullato[[ su {machine}]]",
        en: "{product}: update to {to} cancelled[[ on {machine}]]",
        fr: "{product} : mise à jour vers {to} annulée[[ sur {machine}]]",
        de: "{product}: Aktualisierung auf {to} abgebrochen[[ ({machine})]]")
    static let mailSubjectFailed = LocalizedText(
        it: "{product}: aggiornamento a {to} non riuscito, nulla è cambiato[[ su {machine}]]",
        en: "{product}: update to {to} failed, nothing was changed[[ on {machine}]]",
        fr: "{product} : échec de la mise à jour vers {to}, rien n'a changé[[ sur {machine}]]",
        de: "{product}: Aktualisierung auf {to} fehlgeschlagen, nichts wurde verändert[[ ({machine})]]")
    static let mailSubjectDown = LocalizedText(
        it: "INTERVENIRE: {product} non è in funzione[[ su {machine}]]",
        en: "ACTION NEEDED: {product} is not running[[ on {machine}]]",
        fr: "INTERVENTION NÉCESSAIRE : {product} n'est pas en marche[[ sur {machine}]]",
        de: "HANDLUNGSBEDARF: {product} läuft nicht[[ ({machine})]]")

    static let mailSubjectStranded = LocalizedText(
        it: "INTERVENIRE: {product} è in funzione, ma non come prima[[ su {machine}]]",
        en: "ACTION NEEDED: {product} is running, but not as before[[ on {machine}]]",
        fr: "INTERVENTION NÉCESSAIRE : {product} est en marche, mais pas comme avant[[ sur {machine}]]",
        de: "HANDLUNGSBEDARF: {product} läuft, aber nicht wie zuvor[[ ({machine})]]")

    static let mailOpeningUpdated = LocalizedText(
        it: "{product} è stato aggiornato dalla versione {from} alla {to}. Il servizio è in funzione e ha superato il "
            + "controllo.",
        en: "{product} was updated from version {from} to {to}. The service is running and has passed its health "
            + "check.",
        fr: "{product} a été mis à jour de la version {from} vers la version {to}. Le service est en marche et a "
            + "réussi son contrôle.",
        de: "{product} wurde von Version {from} auf {to} aktualisiert. Der Dienst läuft und hat die Funktionsprüfung "
            + "bestanden.")
    static let mailOpeningRolledBack = LocalizedText(
        it:
            "L'aggiornamento di {product} dalla versione {from} alla {to} non è riuscito. La versione {from} è di nuovo "
            + "in funzione, con gli stessi file e dati di prima.",
        en: "The update of {product} from version {from} to {to} did not work. Version {from} is running again, with "
            + "the same files and data as before.",
        fr:
            "La mise à jour du logiciel {product} de la version {from} vers la version {to} n'a pas réussi. La version {from} est "
            + "de nouveau en marche, avec les mêmes fichiers et données qu'avant.",
        de: "Die Aktualisierung von {product} von Version {from} auf {to} ist nicht gelungen. Version {from} läuft "
            + "wieder, mit denselben Dateien und Daten wie zuvor.")
    static let mailOpeningCancelled = LocalizedText(
        it: "L'aggiornamento di {product} dalla versione {from} alla {to} è stato annullato prima di fermare il "
            + "servizio. La versione {from} non si è mai fermata.",
        en: "The update of {product} from version {from} to {to} was cancelled before the service was stopped. "
            + "Version {from} has been running all the time.",
        fr:
            "La mise à jour du logiciel {product} de la version {from} vers la version {to} a été annulée avant l'arrêt du "
            + "service. La version {from} n'a jamais cessé de fonctionner.",
        de: "Die Aktualisierung von {product} von Version {from} auf {to} wurde abgebrochen, bevor der Dienst "
            + "angehalten wurde. Version {from} lief die ganze Zeit.")
    static let mailOpeningFailed = LocalizedText(
        it: "L'aggiornamento di {product} dalla versione {from} alla {to} non è riuscito. Il servizio non è stato "
            + "toccato.",
        en: "The update of {product} from version {from} to {to} failed. The service was not touched.",
        fr:
            "La mise à jour du logiciel {product} de la version {from} vers la version {to} a échoué. Le service n'a pas été "
            + "touché.",
        de: "Die Aktualisierung von {product} von Version {from} auf {to} ist fehlgeschlagen. Der Dienst wurde nicht "
            + "angerührt.")
    static let mailOpeningStranded = LocalizedText(
        it: "L'aggiornamento di {product} dalla versione {from} alla {to} non è riuscito, e non è riuscito del tutto "
            + "nemmeno il ritorno. Il servizio è in funzione, ma qualcuno deve occuparsene.",
        en:
            "The update of {product} from version {from} to {to} failed, and going back did not work wholly either. The "
            + "service is running, but somebody has to look after it.",
        fr: "La mise à jour du logiciel {product} de la version {from} vers la version {to} a échoué, et le retour n'a "
            + "pas entièrement réussi non plus. Le service est en marche, mais quelqu'un doit s'en occuper.",
        de:
            "Die Aktualisierung von {product} von Version {from} auf {to} ist fehlgeschlagen, und auch die Rückkehr ist "
            + "nicht ganz gelungen. Der Dienst läuft, aber jemand muss sich darum kümmern.")
    static let mailOpeningDown = LocalizedText(
        it: "L'aggiornamento di {product} dalla versione {from} alla {to} non è riuscito, e non è riuscito nemmeno il "
            + "ritorno. Il servizio NON è in funzione.",
        en: "The update of {product} from version {from} to {to} failed, and so did going back. The service is NOT "
            + "running.",
        fr: "La mise à jour du logiciel {product} de la version {from} vers la version {to} a échoué, et le retour a "
            + "échoué aussi. Le service n'est PAS en marche.",
        de:
            "Die Aktualisierung von {product} von Version {from} auf {to} ist fehlgeschlagen, und auch die Rückkehr ist "
            + "misslungen. Der Dienst läuft NICHT.")

    static let mailMachine = LocalizedText(it: "Macchina", en: "Machine", fr: "Machine", de: "Rechner")
    static let mailVersions = LocalizedText(it: "Versioni", en: "Versions", fr: "Versions", de: "Versionen")
    static let mailStarted = LocalizedText(it: "Inizio", en: "Started", fr: "Début", de: "Beginn")
    static let mailEnded = LocalizedText(it: "Fine", en: "Ended", fr: "Fin", de: "Ende")
    static let mailSteps = LocalizedText(it: "Passi", en: "Steps", fr: "Étapes", de: "Schritte")
    /// `time`; `stop` and `start` if known.
    static let mailDowntime = LocalizedText(
        it: "{time}[[ (dell'applicazione: arresto {stop}, avvio {start})]]",
        en: "{time}[[ (the application's own: stop {stop}, start {start})]]",
        fr: "{time}[[ (dont l'application : arrêt {stop}, démarrage {start})]]",
        de: "{time}[[ (davon die Anwendung: Anhalten {stop}, Starten {start})]]")
    /// `warned`, `ready`, `closed`
    static let mailSessions = LocalizedText(
        it: "avvisate {warned}, pronte o uscite in tempo {ready}, chiuse dal server {closed}",
        en: "{warned} warned, {ready} ready or left in time, {closed} closed by the server",
        fr: "averties : {warned}, prêtes ou parties à temps : {ready}, fermées par le serveur : {closed}",
        de: "{warned} gewarnt, {ready} rechtzeitig bereit oder abgemeldet, {closed} vom Server geschlossen")
    static let mailKept = LocalizedText(
        it: "File del cliente mantenuti", en: "Your files that were kept", fr: "Vos fichiers conservés",
        de: "Übernommene eigene Dateien")
    static let mailBeside = LocalizedText(
        it: "File nuovi della versione, accanto a quelli mantenuti",
        en: "New files of the release, put beside yours",
        fr: "Nouveaux fichiers de la version, placés à côté des vôtres",
        de: "Neue Dateien der Version, neben Ihre gelegt")
    /// `count`
    static let andMore = LocalizedText(
        it: "… e altri {count}", en: "… and {count} more", fr: "… et {count} de plus", de: "… und {count} weitere")

    static let mailNext = LocalizedText(
        it: "E adesso", en: "What to do next", fr: "Et maintenant", de: "Wie es weitergeht")
    static let mailNextUpdated = LocalizedText(
        it: "Le persone possono rientrare; alle postazioni viene offerto il client di questa versione.",
        en: "People can log in again; their workstations are offered the client of this version.",
        fr: "Les utilisateurs peuvent se reconnecter ; le client de cette version est proposé à leurs postes.",
        de: "Die Anwender können sich wieder anmelden; ihren Arbeitsplätzen wird der Client dieser Version angeboten.")
    static let mailNextBeside = LocalizedText(
        it: "Confrontare i file «.new» elencati sopra con quelli mantenuti e riprendere le novità che servono.",
        en: "Compare the “.new” files listed above with yours and take over what is useful.",
        fr: "Comparez les fichiers « .new » cités plus haut avec les vôtres et reprenez les nouveautés utiles.",
        de: "Vergleichen Sie die oben genannten „.new“-Dateien mit Ihren und übernehmen Sie, was nützlich ist.")
    static let mailNextRolledBack = LocalizedText(
        it:
            "Le persone possono continuare a lavorare con la versione {from}. Eliminata la causa indicata sopra, si può "
            + "ordinare di nuovo l'aggiornamento.",
        en: "People can go on working with version {from}. Once the cause named above is removed, order the update "
            + "again.",
        fr: "Les utilisateurs peuvent continuer à travailler avec la version {from}. Une fois la cause ci-dessus "
            + "éliminée, relancez la mise à jour.",
        de: "Die Anwender können mit Version {from} weiterarbeiten. Ist die oben genannte Ursache behoben, starten Sie "
            + "die Aktualisierung erneut.")
    static let mailNextCancelled = LocalizedText(
        it: "Per riprovare: ricambio update --version {to}", en: "To try again: ricambio update --version {to}",
        fr: "Pour réessayer : ricambio update --version {to}",
        de: "Für einen neuen Versuch: ricambio update --version {to}")
    static let mailNextFailed = LocalizedText(
        it: "Eliminare la causa indicata sopra, poi: ricambio update --version {to}",
        en: "Remove the cause named above, then: ricambio update --version {to}",
        fr: "Éliminez la cause ci-dessus, puis : ricambio update --version {to}",
        de: "Beheben Sie die oben genannte Ursache, dann: ricambio update --version {to}")
    static let mailNextDown = LocalizedText(
        it: "Leggere subito il diario dell'applicazione: ricambio logs --installation {installation}",
        en: "Read the application's log now: ricambio logs --installation {installation}",
        fr: "Lisez sans tarder le journal de l'application : ricambio logs --installation {installation}",
        de: "Lesen Sie jetzt das Protokoll der Anwendung: ricambio logs --installation {installation}")
    static let mailNextHistory = LocalizedText(
        it: "Tutti i dettagli: ricambio history --installation {installation}",
        en: "All details: ricambio history --installation {installation}",
        fr: "Tous les détails : ricambio history --installation {installation}",
        de: "Alle Einzelheiten: ricambio history --installation {installation}")
    static let mailSignature = LocalizedText(
        it: "Inviato da Ricambio. A questo messaggio non occorre rispondere.",
        en: "Sent by Ricambio. There is no need to answer this message.",
        fr: "Envoyé par Ricambio. Il n'est pas nécessaire de répondre à ce message.",
        de: "Von Ricambio gesendet. Eine Antwort auf diese Nachricht ist nicht nötig.")
}
