// SPDX-License-Identifier: Apache-2.0

// Accounts, as the command line lists and changes them.
extension LocalizedText {
    static let account = LocalizedText(it: "Utente", en: "Account", fr: "Compte", de: "Konto")
    static let role = LocalizedText(it: "Ruolo", en: "Role", fr: "Rôle", de: "Rolle")
    static let password = LocalizedText(it: "Password", en: "Password", fr: "Mot de passe", de: "Kennwort")
    static let passwordOwn = LocalizedText(it: "propria", en: "own", fr: "personnel", de: "eigenes")
    static let passwordOneTime = LocalizedText(
        it: "temporanea, da cambiare",
        en: "one-time, to be changed",
        fr: "provisoire, à changer",
        de: "Einmalkennwort, zu ändern")
    static let accountAdded = LocalizedText(
        it: "L'utente {user} è stato creato.",
        en: "The account {user} has been made.",
        fr: "Le compte {user} a été créé.",
        de: "Das Konto {user} wurde angelegt.")
    static let accountReset = LocalizedText(
        it: "L'utente {user} ha una nuova password; dove era collegato deve entrare di nuovo.",
        en: "The account {user} has a new password; wherever it was logged in, it is not any more.",
        fr: "Le compte {user} a un nouveau mot de passe ; ses connexions en cours sont terminées.",
        de: "Das Konto {user} hat ein neues Kennwort; bestehende Anmeldungen sind beendet.")
    static let accountRemoved = LocalizedText(
        it: "L'utente {user} è stato eliminato.",
        en: "The account {user} has been removed.",
        fr: "Le compte {user} a été supprimé.",
        de: "Das Konto {user} wurde entfernt.")
    static let oneTimePassword = LocalizedText(
        it: "Password temporanea: {password}",
        en: "One-time password: {password}",
        fr: "Mot de passe provisoire : {password}",
        de: "Einmalkennwort: {password}")
    static let oneTimePasswordNote = LocalizedText(
        it: "Viene mostrata solo ora e va cambiata al primo accesso.",
        en: "It is shown only now, and must be changed at the first login.",
        fr: "Il n'est affiché que maintenant et doit être changé à la première connexion.",
        de: "Es wird nur jetzt angezeigt und muss bei der ersten Anmeldung geändert werden.")
}
