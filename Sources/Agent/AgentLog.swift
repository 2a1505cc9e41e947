// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Logging
import NIOConcurrencyHelpers
import SystemPackage

/// The agent's log on standard error: lines for people, or JSON lines for machines.
public enum AgentLog {
    public static func logger(_ settings: LogSettings, label: String = "ricambio") -> Logger {
        let level = Logger.Level(rawValue: settings.level.rawValue) ?? .info
        return Logger(label: label) { label in
            AgentLogHandler(label: label, format: settings.format, logLevel: level) { line in
                // One write per line: lines of several threads do not mix.
                _ = try? FileDescriptor.standardError.writeAll(Array(line.utf8))
            }
        }
    }
}

struct AgentLogHandler: LogHandler {
    let label: String
    let format: LogSettings.Format
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    let write: @Sendable (String) -> Void

    init(label: String, format: LogSettings.Format, logLevel: Logger.Level, write: @escaping @Sendable (String) -> Void)
    {
        self.label = label
        self.format = format
        self.logLevel = logLevel
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields: [String: String] = [:]
        for source in [metadata, metadataProvider?.get() ?? [:], event.metadata ?? [:]] {
            for (key, value) in source { fields[key] = "\(value)" }
        }
        if let error = event.error { fields["error"] = "\(error)" }
        let at = Date().formatted(Self.style)
        write(line(at, event.level, "\(event.message)", fields) + "\n")
    }

    func line(_ at: String, _ level: Logger.Level, _ message: String, _ fields: [String: String]) -> String {
        switch format {
        case .console:
            let rest = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted($0.value))" }.joined()
            let name = level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
            return "\(at) \(name) \(Self.oneLine(message))\(rest)"
        case .json:
            // Fields of our own come first and are never replaced by metadata of the same name.
            var object = Dictionary(uniqueKeysWithValues: fields.map { ("field.\($0.key)", $0.value) })
            for (key, value) in fields where !["at", "level", "label", "message"].contains(key) {
                object["field.\(key)"] = nil
                object[key] = value
            }
            object["at"] = at
            object["level"] = level.rawValue
            object["label"] = label
            object["message"] = message
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        }
    }

    /// What came from outside must not be able to write a second line.
    private static func oneLine(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
    }

    private static func quoted(_ text: String) -> String {
        let line = oneLine(text)
        return line.contains(where: { " \"=".contains($0) })
            ? "\"\(line.replacingOccurrences(of: "\"", with: "\\\""))\"" : line
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
