// SPDX-License-Identifier: Apache-2.0

// Why a mail did not leave. None of these touches the installation.
extension FailureTexts {
    static let mailRefused = FailureTexts(
        LocalizedText(
            it: "Il server di posta {server} ha rifiutato il messaggio[[ per {address}]][[: {reason}]].",
            en: "The mail server {server} refused the message[[ to {address}]][[: {reason}]].",
            fr: "Le serveur de messagerie {server} a refusé le message[[ pour {address}]][[ : {reason}]].",
            de: "Der Mailserver {server} hat die Nachricht[[ an {address}]] abgelehnt[[: {reason}]]."),
        .nothingChanged,
        LocalizedText(
            it: "Controllare in «mail» mittente e destinatari, e sul server chi può inviare.",
            en: "Check the sender and the recipients under “mail”, and who may send on the server.",
            fr: "Vérifiez l'expéditeur et les destinataires dans « mail », et sur le serveur qui peut envoyer.",
            de: "Prüfen Sie Absender und Empfänger unter „mail“ und auf dem Server, wer senden darf."))

    static let mailLoginFailed = FailureTexts(
        LocalizedText(
            it: "Il server di posta {server} non accetta il nome o la password[[ ({reason})]].",
            en: "The mail server {server} does not accept the user or the password[[ ({reason})]].",
            fr: "Le serveur de messagerie {server} n'accepte pas l'utilisateur ou le mot de passe[[ ({reason})]].",
            de: "Der Mailserver {server} nimmt Benutzer oder Kennwort nicht an[[ ({reason})]]."),
        .nothingChanged,
        LocalizedText(
            it: "Correggere «mail.smtp.user» e il file della password; l'agente riprova da solo.",
            en: "Correct “mail.smtp.user” and the password file; the agent tries again by itself.",
            fr: "Corrigez « mail.smtp.user » et le fichier du mot de passe ; l'agent réessaie de lui-même.",
            de: "Berichtigen Sie „mail.smtp.user“ und die Kennwortdatei; der Agent versucht es von selbst erneut."))

    static let mailServerUnreachable = FailureTexts(
        LocalizedText(
            it: "Il server di posta {server} non risponde[[ ({reason})]].",
            en: "The mail server {server} does not answer[[ ({reason})]].",
            fr: "Le serveur de messagerie {server} ne répond pas[[ ({reason})]].",
            de: "Der Mailserver {server} antwortet nicht[[ ({reason})]]."),
        .nothingChanged,
        LocalizedText(
            it: "Controllare indirizzo, porta e firewall; l'agente riprova da solo.",
            en: "Check the address, the port and the firewall; the agent tries again by itself.",
            fr: "Vérifiez l'adresse, le port et le pare-feu ; l'agent réessaie de lui-même.",
            de: "Prüfen Sie Adresse, Port und Firewall; der Agent versucht es von selbst erneut."))

    static let mailCertificateInvalid = FailureTexts(
        LocalizedText(
            it: "Il certificato del server di posta {server} non è affidabile, o manca TLS[[ ({reason})]].",
            en: "The certificate of the mail server {server} cannot be trusted, or TLS is missing[[ ({reason})]].",
            fr: "Le certificat du serveur de messagerie {server} n'est pas fiable, ou TLS manque[[ ({reason})]].",
            de: "Das Zertifikat des Mailservers {server} ist nicht vertrauenswürdig, oder TLS fehlt[[ ({reason})]]."),
        .nothingChanged,
        LocalizedText(
            it: "Indicare in «mail.smtp.certificateAuthority» l'autorità del server e il nome che sta nel suo "
                + "certificato.",
            en: "Set “mail.smtp.certificateAuthority” to the server's authority and use the name in its certificate.",
            fr: "Indiquez dans « mail.smtp.certificateAuthority » l'autorité du serveur et le nom figurant dans son "
                + "certificat.",
            de: "Geben Sie unter „mail.smtp.certificateAuthority“ die Zertifizierungsstelle des Servers an und "
                + "verwenden Sie den Namen aus seinem Zertifikat."))

    static let mailFolderNotWritable = FailureTexts(
        LocalizedText(
            it: "La cartella della posta {path} non è scrivibile[[ ({reason})]].",
            en: "The mail folder {path} cannot be written to[[ ({reason})]].",
            fr: "Il est impossible d'écrire dans le dossier de messagerie {path}[[ ({reason})]].",
            de: "In den Mail-Ordner {path} kann nicht geschrieben werden[[ ({reason})]]."),
        .nothingChanged,
        LocalizedText(
            it: "Dare all'utente dell'agente il diritto di scrivervi; l'agente riprova da solo.",
            en: "Give the agent's user the right to write there; the agent tries again by itself.",
            fr: "Donnez à l'utilisateur de l'agent le droit d'y écrire ; l'agent réessaie de lui-même.",
            de: "Geben Sie dem Benutzer des Agenten dort Schreibrecht; der Agent versucht es von selbst erneut."))

    static let mailGivenUp = FailureTexts(
        LocalizedText(
            it: "Il messaggio per {address} non è partito e non si riproverà più[[: {reason}]].",
            en: "The message to {address} did not leave and will not be tried again[[: {reason}]].",
            fr: "Le message pour {address} n'est pas parti et ne sera plus tenté[[ : {reason}]].",
            de: "Die Nachricht an {address} ging nicht hinaus und wird nicht mehr versucht[[: {reason}]]."),
        .nothingChanged,
        LocalizedText(
            it: "Correggere «mail»; l'esito dell'aggiornamento si legge con «ricambio history».",
            en: "Correct “mail”; “ricambio history” shows how the update ended.",
            fr: "Corrigez « mail » ; « ricambio history » montre l'issue de la mise à jour.",
            de: "Berichtigen Sie „mail“; „ricambio history“ zeigt, wie die Aktualisierung ausging."))
}
