// SPDX-License-Identifier: Apache-2.0

// What can keep the agent from starting.
extension FailureTexts {
    static let portInUse = FailureTexts(
        LocalizedText(
            it: "La porta {port} è già usata da un altro programma[[ ({reason})]].",
            en: "Port {port} is already in use by another program[[ ({reason})]].",
            fr: "Le port {port} est déjà utilisé par un autre programme[[ ({reason})]].",
            de: "Port {port} wird bereits von einem anderen Programm verwendet[[ ({reason})]]."),
        .agentNotStarted,
        LocalizedText(
            it: "Terminare l'altro programma (lo mostra «ss -ltnp»), oppure indicare un'altra porta.",
            en: "End the other program (“ss -ltnp” shows it), or choose another port.",
            fr: "Arrêtez l'autre programme (« ss -ltnp » le montre) ou choisissez un autre port.",
            de: "Beenden Sie das andere Programm („ss -ltnp“ zeigt es) oder wählen Sie einen anderen Port."))

    static let portNotAllowed = FailureTexts(
        LocalizedText(
            it: "Il sistema non permette all'agente di usare la porta {port}[[ ({reason})]].",
            en: "The system does not allow the agent to use port {port}[[ ({reason})]].",
            fr: "Le système n'autorise pas l'agent à utiliser le port {port}[[ ({reason})]].",
            de: "Das System erlaubt dem Agenten nicht, Port {port} zu verwenden[[ ({reason})]]."),
        .agentNotStarted,
        LocalizedText(
            it: "Indicare in «listen» una porta da 1024 in su e un indirizzo di questa macchina.",
            en: "Set “listen” to a port of 1024 or above and to an address of this machine.",
            fr: "Indiquez dans « listen » un port à partir de 1024 et une adresse de cette machine.",
            de: "Geben Sie unter „listen“ einen Port ab 1024 und eine Adresse dieses Rechners an."))

    static let configurationInvalid = FailureTexts(
        LocalizedText(
            it: "La configurazione {file}[[, riga {line},]] non è valida[[: {reason}]].",
            en: "The configuration {file}[[, line {line},]] is not valid[[: {reason}]].",
            fr: "La configuration {file}[[, ligne {line},]] n'est pas valable[[ : {reason}]].",
            de: "Die Konfiguration {file}[[, Zeile {line},]] ist ungültig[[: {reason}]]."),
        .agentNotStarted,
        LocalizedText(
            it: "Correggere il file e riavviare l'agente.",
            en: "Correct the file and start the agent again.",
            fr: "Corrigez le fichier et redémarrez l'agent.",
            de: "Berichtigen Sie die Datei und starten Sie den Agenten erneut."))

    static let configurationUnknownKey = FailureTexts(
        LocalizedText(
            it: "La configurazione {file}[[, riga {line},]] contiene la chiave sconosciuta «{key}».",
            en: "The configuration {file}[[, line {line},]] has the unknown key “{key}”.",
            fr: "La configuration {file}[[, ligne {line},]] contient la clé inconnue « {key} ».",
            de: "Die Konfiguration {file}[[, Zeile {line},]] enthält den unbekannten Schlüssel „{key}“."),
        .agentNotStarted,
        LocalizedText(
            it: "[[Si intendeva «{suggestion}»? ]]Correggere o togliere la chiave e riavviare l'agente.",
            en: "[[Did you mean “{suggestion}”? ]]Correct or remove the key and start the agent again.",
            fr: "[[Vouliez-vous dire « {suggestion} » ? ]]Corrigez ou supprimez la clé et redémarrez l'agent.",
            de: "[[Meinten Sie „{suggestion}“? ]]Berichtigen oder entfernen Sie den Schlüssel und starten Sie den "
                + "Agenten erneut."))

    static let certificateUnusable = FailureTexts(
        LocalizedText(
            it: "Il certificato o la chiave {path} non è utilizzabile[[: {reason}]].",
            en: "The certificate or key {path} cannot be used[[: {reason}]].",
            fr: "Le certificat ou la clé {path} n'est pas utilisable[[ : {reason}]].",
            de: "Das Zertifikat oder der Schlüssel {path} ist nicht verwendbar[[: {reason}]]."),
        .agentNotStarted,
        LocalizedText(
            it: "Indicare in «tls» un certificato PEM valido con la sua chiave, oppure togliere «tls»: l'agente ne "
                + "crea uno proprio.",
            en: "Set “tls” to a valid PEM certificate and its key, or remove “tls”: the agent then makes its own.",
            fr: "Indiquez dans « tls » un certificat PEM valable et sa clé, ou supprimez « tls » : l'agent en crée "
                + "alors un lui-même.",
            de: "Geben Sie unter „tls“ ein gültiges PEM-Zertifikat mit seinem Schlüssel an oder entfernen Sie „tls“: "
                + "Der Agent erstellt dann ein eigenes."))

    static let stateFolderUnusable = FailureTexts(
        LocalizedText(
            it: "La cartella di stato {path} non è utilizzabile[[: {reason}]].",
            en: "The state folder {path} cannot be used[[: {reason}]].",
            fr: "Le dossier d'état {path} n'est pas utilisable[[ : {reason}]].",
            de: "Der Zustandsordner {path} ist nicht verwendbar[[: {reason}]]."),
        .agentNotStarted,
        LocalizedText(
            it: "Dare all'utente dell'agente il diritto di scrivere nella cartella, oppure indicarne un'altra in "
                + "«state».",
            en: "Give the agent's user the right to write in the folder, or set “state” to another one.",
            fr: "Donnez à l'utilisateur de l'agent le droit d'écrire dans ce dossier, ou indiquez-en un autre dans "
                + "« state ».",
            de: "Geben Sie dem Benutzer des Agenten Schreibrecht für den Ordner oder geben Sie unter „state“ einen "
                + "anderen an."))

    static let secretUnreadable = FailureTexts(
        LocalizedText(
            it: "Il file riservato {path} non si può leggere[[: {reason}]].",
            en: "The secret file {path} cannot be read[[: {reason}]].",
            fr: "Le fichier confidentiel {path} ne peut pas être lu[[ : {reason}]].",
            de: "Die vertrauliche Datei {path} kann nicht gelesen werden[[: {reason}]]."),
        .nothingChanged,
        LocalizedText(
            it: "Verificare che il file esista e che solo l'utente dell'agente possa leggerlo (modo 0600).",
            en: "See that the file exists and that only the agent's user can read it (mode 0600).",
            fr: "Vérifiez que le fichier existe et que seul l'utilisateur de l'agent peut le lire (mode 0600).",
            de: "Prüfen Sie, ob die Datei vorhanden ist und nur der Benutzer des Agenten sie lesen kann (Modus 0600)."))
}
