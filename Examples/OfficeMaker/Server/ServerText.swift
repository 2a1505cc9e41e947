// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// What the server itself says to people.
enum ServerText {
    static let wrongPassword = LocalizedText(
        it: "Nome o password non corretti.", en: "The name or the password is not right.",
        fr: "Le nom ou le mot de passe est incorrect.", de: "Name oder Passwort ist falsch.")
    static let notLoggedIn = LocalizedText(
        it: "La sessione è stata chiusa: entrare di nuovo.", en: "The session has been closed: please log in again.",
        fr: "La session a été fermée : veuillez vous reconnecter.",
        de: "Die Sitzung wurde geschlossen: Bitte melden Sie sich neu an.")
    static let loginsRefused = LocalizedText(
        it: "Il server sta per essere aggiornato: si potrà entrare tra qualche minuto.",
        en: "The server is about to be updated: please log in again in a few minutes.",
        fr: "Le serveur va être mis à jour : vous pourrez vous connecter dans quelques minutes.",
        de: "Der Server wird gleich aktualisiert: Bitte melden Sie sich in einigen Minuten an.")
    static let notAllowed = LocalizedText(
        it: "Solo un amministratore può farlo.", en: "Only an administrator may do this.",
        fr: "Seul un administrateur peut le faire.", de: "Das darf nur ein Administrator.")
    static let tooManyAttempts = LocalizedText(
        it: "Troppi tentativi: riprovare tra un minuto.", en: "Too many attempts: please try again in a minute.",
        fr: "Trop de tentatives : réessayez dans une minute.",
        de: "Zu viele Versuche: Bitte versuchen Sie es in einer Minute wieder.")
    static let notFound = LocalizedText(
        it: "Non esiste.", en: "There is no such thing.", fr: "Cela n’existe pas.", de: "Das gibt es nicht.")
    /// `field`
    static let fieldMissing = LocalizedText(
        it: "Manca il campo «{field}».", en: "The field “{field}” is missing.", fr: "Le champ « {field} » manque.",
        de: "Das Feld „{field}“ fehlt.")
    /// `field`
    static let fieldUnknown = LocalizedText(
        it: "Il campo «{field}» non esiste o ha un valore non adatto.",
        en: "The field “{field}” does not exist or has an unsuitable value.",
        fr: "Le champ « {field} » n’existe pas ou a une valeur inadaptée.",
        de: "Das Feld „{field}“ gibt es nicht, oder sein Wert passt nicht.")
    static let invalid = LocalizedText(
        it: "La richiesta non è comprensibile.", en: "The request cannot be understood.",
        fr: "La demande est incompréhensible.", de: "Die Anfrage ist unverständlich.")
    static let unexpected = LocalizedText(
        it: "Errore imprevisto del server; i dati non sono cambiati.",
        en: "An unexpected error of the server; the data have not changed.",
        fr: "Erreur imprévue du serveur ; les données n’ont pas changé.",
        de: "Unerwarteter Fehler des Servers; die Daten sind unverändert.")
}

/// Why a request is refused; written in the caller's language when the answer is.
struct OfficeRefusal: Error {
    var code: String
    var status: Int
    var text: LocalizedText
    var arguments: [String: String] = [:]

    func problem(_ language: Language) -> Problem {
        Problem(
            code: code, title: code.replacing("-", with: " "), status: status,
            detail: text.filled(arguments, language: language))
    }
}
