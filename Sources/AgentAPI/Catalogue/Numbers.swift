// SPDX-License-Identifier: Apache-2.0
public import Foundation

extension Catalogue {
    /// `1 minute and 30 seconds`; hours only from two hours on, because a grace time reads better in minutes, and days
    /// from two days on.
    public static func duration(seconds total: Int, _ language: Language) -> String {
        let total = max(0, total)
        let (days, afterDays) = total >= 2 * 86400 ? (total / 86400, total % 86400) : (0, total)
        let (hours, afterHours) = total >= 7200 ? (afterDays / 3600, afterDays % 3600) : (0, afterDays)
        let (minutes, seconds) = (afterHours / 60, afterHours % 60)
        var parts: [String] = []
        if days > 0 { parts.append(counted(days, .day, language)) }
        if hours > 0 { parts.append(counted(hours, .hour, language)) }
        if minutes > 0 { parts.append(counted(minutes, .minute, language)) }
        if seconds > 0 || parts.isEmpty { parts.append(counted(seconds, .second, language)) }
        guard let last = parts.popLast() else { return "" }
        if parts.isEmpty { return last }
        return parts.joined(separator: ", ") + " " + LocalizedText(it: "e", en: "and", fr: "et", de: "und")[language]
            + " " + last
    }

    /// `3.2 s` below a minute, ``duration(seconds:_:)`` above: for times that were measured.
    public static func measured(seconds: Double, _ language: Language) -> String {
        guard seconds < 60 else { return duration(seconds: Int(seconds.rounded()), language) }
        return decimal(seconds, digits: seconds < 10 ? 2 : 1, language) + "\u{A0}s"
    }

    /// `12.4 MB`, decimal units, with the language's decimal sign.
    public static func bytes(_ count: Int64, _ language: Language) -> String {
        let letter = language == .french ? "o" : "B"
        var value = Double(count)
        guard value >= 1000 else { return "\(count)\u{A0}\(language == .french ? "octets" : "B")" }
        var unit = ""
        for next in ["k", "M", "G", "T", "P"] where value >= 999.95 || unit.isEmpty {
            value /= 1000
            unit = next
        }
        return decimal(value, digits: 1, language) + "\u{A0}" + unit + letter
    }

    /// A number and its noun: `1 session`, `3 sessions`.
    public static func counted(_ count: Int, _ noun: CountedNoun, _ language: Language) -> String {
        // French counts nought as singular.
        let isOne = language == .french ? count < 2 : count == 1
        return "\(count)\u{A0}" + (isOne ? noun.one : noun.many)[language]
    }

    /// `22 November 2026, 10:15:03 UTC`, without the system's locale data, so that it is the same everywhere.
    public static func moment(_ date: Date, _ language: Language, timeZone: TimeZone = .gmt) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        guard let year = parts.year, let month = parts.month, let day = parts.day, let hour = parts.hour,
            let minute = parts.minute, let second = parts.second
        else { return date.description }
        let offset = timeZone.secondsFromGMT(for: date)
        let sign = offset < 0 ? "−" : "+"
        let zone = offset == 0 ? "UTC" : "UTC\(sign)\(two(abs(offset) / 3600)):\(two(abs(offset) / 60 % 60))"
        let dayText = dayText(day, month: month, language)
        return "\(dayText) \(year), \(two(hour)):\(two(minute)):\(two(second)) \(zone)"
    }

    private static func dayText(_ day: Int, month: Int, _ language: Language) -> String {
        let name = months[month - 1][language]
        switch language {
        case .german: return "\(day). \(name)"
        case .french where day == 1: return "1er \(name)"
        case .italian where day == 1: return "1º \(name)"
        case .italian, .english, .french: return "\(day) \(name)"
        }
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func decimal(_ value: Double, digits: Int, _ language: Language) -> String {
        let text = String(format: "%.\(digits)f", value)
        return language == .english ? text : text.replacing(".", with: ",")
    }

    private static let months: [LocalizedText] = [
        LocalizedText(it: "gennaio", en: "January", fr: "janvier", de: "Januar"),
        LocalizedText(it: "febbraio", en: "February", fr: "février", de: "Februar"),
        LocalizedText(it: "marzo", en: "March", fr: "mars", de: "März"),
        LocalizedText(it: "aprile", en: "April", fr: "avril", de: "April"),
        LocalizedText(it: "maggio", en: "May", fr: "mai", de: "Mai"),
        LocalizedText(it: "giugno", en: "June", fr: "juin", de: "Juni"),
        LocalizedText(it: "luglio", en: "July", fr: "juillet", de: "Juli"),
        LocalizedText(it: "agosto", en: "August", fr: "août", de: "August"),
        LocalizedText(it: "settembre", en: "September", fr: "septembre", de: "September"),
        LocalizedText(it: "ottobre", en: "October", fr: "octobre", de: "Oktober"),
        LocalizedText(it: "novembre", en: "November", fr: "novembre", de: "November"),
        LocalizedText(it: "dicembre", en: "December", fr: "décembre", de: "Dezember"),
    ]
}

/// A noun with its singular and its plural.
public struct CountedNoun: Sendable {
    let one: LocalizedText
    let many: LocalizedText

    public static let second = CountedNoun(
        one: LocalizedText(it: "secondo", en: "second", fr: "seconde", de: "Sekunde"),
        many: LocalizedText(it: "secondi", en: "seconds", fr: "secondes", de: "Sekunden"))
    public static let minute = CountedNoun(
        one: LocalizedText(it: "minuto", en: "minute", fr: "minute", de: "Minute"),
        many: LocalizedText(it: "minuti", en: "minutes", fr: "minutes", de: "Minuten"))
    public static let hour = CountedNoun(
        one: LocalizedText(it: "ora", en: "hour", fr: "heure", de: "Stunde"),
        many: LocalizedText(it: "ore", en: "hours", fr: "heures", de: "Stunden"))
    public static let day = CountedNoun(
        one: LocalizedText(it: "giorno", en: "day", fr: "jour", de: "Tag"),
        many: LocalizedText(it: "giorni", en: "days", fr: "jours", de: "Tage"))
    public static let session = CountedNoun(
        one: LocalizedText(it: "sessione", en: "session", fr: "session", de: "Sitzung"),
        many: LocalizedText(it: "sessioni", en: "sessions", fr: "sessions", de: "Sitzungen"))
    public static let person = CountedNoun(
        one: LocalizedText(it: "persona", en: "person", fr: "personne", de: "Person"),
        many: LocalizedText(it: "persone", en: "people", fr: "personnes", de: "Personen"))
    public static let file = CountedNoun(
        one: LocalizedText(it: "file", en: "file", fr: "fichier", de: "Datei"),
        many: LocalizedText(it: "file", en: "files", fr: "fichiers", de: "Dateien"))
}
