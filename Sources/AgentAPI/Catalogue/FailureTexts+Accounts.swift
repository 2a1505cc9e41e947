// SPDX-License-Identifier: Apache-2.0

// What keeps an account from being made, changed or removed at the agent's machine.
extension FailureTexts {
    static let noAccounts = FailureTexts(
        LocalizedText(
            it: "L'agente di questa configurazione non ha ancora utenti.",
            en: "The agent of this configuration has no accounts yet.",
            fr: "L'agent de cette configuration n'a pas encore de compte.",
            de: "Der Agent dieser Konfiguration hat noch keine Konten."),
        .nothingChanged,
        LocalizedText(
            it: "Avviare l'agente: crea il primo amministratore e ne mostra la password temporanea.",
            en: "Start the agent: it makes the first administrator and prints the one-time password.",
            fr: "Démarrez l'agent : il crée le premier administrateur et affiche son mot de passe provisoire.",
            de: "Starten Sie den Agenten: Er legt den ersten Administrator an und gibt dessen Einmalkennwort aus."))

    static let accountUnknown = FailureTexts(
        LocalizedText(
            it: "Questo agente non ha l'utente «{user}».", en: "This agent has no account “{user}”.",
            fr: "Cet agent n'a pas de compte « {user} ».", de: "Dieser Agent hat kein Konto „{user}“."),
        .nothingChanged,
        LocalizedText(
            it: "«ricambio account list» elenca gli utenti.", en: "“ricambio account list” shows the accounts.",
            fr: "« ricambio account list » affiche les comptes.", de: "„ricambio account list“ zeigt die Konten."))

    static let accountExists = FailureTexts(
        LocalizedText(
            it: "L'utente «{user}» esiste già.", en: "There is an account “{user}” already.",
            fr: "Le compte « {user} » existe déjà.", de: "Das Konto „{user}“ gibt es schon."),
        .nothingChanged,
        LocalizedText(
            it: "Scegliere un altro nome; «ricambio account reset» dà una nuova password all'utente esistente.",
            en: "Choose another name; “ricambio account reset” gives the existing account a new password.",
            fr:
                "Choisissez un autre nom ; « ricambio account reset » donne un nouveau mot de passe au compte existant.",
            de:
                "Wählen Sie einen anderen Namen; „ricambio account reset“ gibt dem bestehenden Konto ein neues Kennwort."
        ))

    static let accountNameInvalid = FailureTexts(
        LocalizedText(
            it: "«{user}» non può essere il nome di un utente.", en: "“{user}” cannot be the name of an account.",
            fr: "« {user} » ne peut pas être le nom d'un compte.", de: "„{user}“ kann kein Kontoname sein."),
        .nothingChanged,
        LocalizedText(
            it: "Usare al massimo 64 lettere senza accenti, cifre e segni tra . _ - + @, cominciando con una lettera o "
                + "una cifra.",
            en: "Use at most 64 letters without accents, digits, and . _ - + @, beginning with a letter or a digit.",
            fr: "Utilisez au plus 64 lettres sans accent, chiffres et signes parmi . _ - + @, en commençant par une "
                + "lettre ou un chiffre.",
            de: "Verwenden Sie höchstens 64 Buchstaben ohne Akzente, Ziffern und die Zeichen . _ - + @, beginnend mit "
                + "einem Buchstaben oder einer Ziffer."))

    static let lastAdministrator = FailureTexts(
        LocalizedText(
            it: "«{user}» è l'unico amministratore.", en: "“{user}” is the only administrator.",
            fr: "« {user} » est le seul administrateur.", de: "„{user}“ ist der einzige Administrator."),
        .nothingChanged,
        LocalizedText(
            it: "Creare prima un altro amministratore, con «ricambio account add» e «--role administrator».",
            en: "Make another administrator first, with “ricambio account add” and “--role administrator”.",
            fr: "Créez d'abord un autre administrateur, avec « ricambio account add » et « --role administrator ».",
            de: "Legen Sie erst einen anderen Administrator an, mit „ricambio account add“ und „--role administrator“.")
    )
}
