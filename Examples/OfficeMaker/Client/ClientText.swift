// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// What the client itself says; the words that belong to updates are the library's.
enum ClientText {
    /// `version`
    static let offered = LocalizedText(
        it: "È disponibile il client {version}, che corrisponde al server: «update» lo installa.",
        en: "Client {version}, which belongs to this server, is available: “update” installs it.",
        fr: "Le client {version}, qui correspond au serveur, est disponible : « update » l’installe.",
        de: "Der Client {version}, der zu diesem Server gehört, ist verfügbar: „update“ installiert ihn.")
    /// `version`
    static let wasReverted = LocalizedText(
        it: "Il client {version} non si era avviato correttamente: si continua con questo.",
        en: "Client {version} did not start properly before: this one stays in use.",
        fr: "Le client {version} n’avait pas démarré correctement : celui-ci reste utilisé.",
        de: "Der Client {version} war nicht richtig gestartet: Dieser bleibt in Gebrauch.")
    static let noUpdate = LocalizedText(
        it: "Non c'è un altro client da installare.", en: "There is no other client to install.",
        fr: "Il n’y a pas d’autre client à installer.", de: "Es gibt keinen anderen Client zu installieren.")
    static let noAgent = LocalizedText(
        it: "Questo server funziona senza agente: aggiornarlo da qui non è possibile.",
        en: "This server runs without an agent: it cannot be updated from here.",
        fr: "Ce serveur fonctionne sans agent : il ne peut pas être mis à jour d’ici.",
        de: "Dieser Server läuft ohne Agenten: Er kann von hier nicht aktualisiert werden.")
    static let administratorOnly = LocalizedText(
        it: "Solo un amministratore può farlo.", en: "Only an administrator may do this.",
        fr: "Seul un administrateur peut le faire.", de: "Das darf nur ein Administrator.")
    static let agentPasswordMissing = LocalizedText(
        it: "Serve --agent-password-file con la password dell'account dell'agente.",
        en: "--agent-password-file with the password of the agent's account is needed.",
        fr: "Il faut --agent-password-file avec le mot de passe du compte de l’agent.",
        de: "--agent-password-file mit dem Passwort des Agentenkontos wird gebraucht.")
    /// `command`
    static let unknownCommand = LocalizedText(
        it: "«{command}» non è un comando, o mancano argomenti; «help» li elenca.",
        en: "“{command}” is not a command, or lacks arguments; “help” lists them.",
        fr: "« {command} » n’est pas une commande, ou il manque des arguments ; « help » les énumère.",
        de: "„{command}“ ist kein Befehl, oder es fehlen Angaben; „help“ zählt sie auf.")
    /// `seconds`
    static let gaveUp = LocalizedText(
        it: "Il server non ha risposto per {seconds}; chiedere all'amministratore.",
        en: "The server has not answered for {seconds}; please ask the administrator.",
        fr: "Le serveur n’a pas répondu pendant {seconds} ; demandez à l’administrateur.",
        de: "Der Server hat {seconds} lang nicht geantwortet; bitte fragen Sie den Administrator.")
    static let help = """
        list KIND | add KIND FIELD=VALUE… | change KIND ID FIELD=VALUE… | remove KIND ID
        backup | preferences | set NAME VALUE
        ready | update | order-update [--version V] [--grace SECONDS] [--email ADDRESS]…
        wait EVENT | quit
        """
}
