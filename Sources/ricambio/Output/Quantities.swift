// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation

/// Bytes, durations and times as people read them.
struct Quantities {
    var language: Language
    var timeZone: TimeZone

    /// `512 B`, `37.9 MB`: decimal units, as download tools and disks count.
    func bytes(_ count: Int64) -> String {
        var value = Double(count)
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB"]
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(count) B" : decimal(value) + " " + units[unit]
    }

    /// `0.4 s`, `59.9 s`, `2 min 05 s`, `1 h 04 min`.
    func duration(_ seconds: Double) -> String {
        let seconds = max(0, seconds)
        if seconds < 59.95 { return decimal(seconds) + " s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
        return "\(whole / 3600) h \(padded(whole / 60 % 60)) min"
    }

    /// `2026-11-22 10:15:16`, in the person's time zone.
    func time(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let day = "\(parts.year ?? 0)-\(padded(parts.month))-\(padded(parts.day))"
        return "\(day) \(padded(parts.hour)):\(padded(parts.minute)):\(padded(parts.second))"
    }

    private func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10)\(language == .english ? "." : ",")\(tenths % 10)"
    }

    private func padded(_ number: Int?) -> String {
        let number = number ?? 0
        return number < 10 ? "0\(number)" : "\(number)"
    }
}
