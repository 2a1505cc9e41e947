// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The TIME of `--at`: `22:00` (the next one), `2026-12-24 22:00`, or ISO 8601 with its zone.
enum TimeArgument {
    static func date(_ text: String, now: Date, timeZone: TimeZone) -> Date? {
        if let date = try? Date(text, strategy: .iso8601) { return date }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
        guard let clock = parts.last, let (hour, minute) = clockTime(clock) else { return nil }
        if parts.count == 1 {
            return calendar.nextDate(
                after: now, matching: DateComponents(hour: hour, minute: minute, second: 0), matchingPolicy: .nextTime)
        }
        let day = parts[0].split(separator: "-", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard parts.count == 2, day.count == 3 else { return nil }
        let wanted = DateComponents(year: day[0], month: day[1], day: day[2], hour: hour, minute: minute)
        guard wanted.isValidDate(in: calendar) else { return nil }
        return calendar.date(from: wanted)
    }

    private static func clockTime(_ text: Substring) -> (Int, Int)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
            (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        return (hour, minute)
    }
}
