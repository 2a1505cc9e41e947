// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// What is wrong with a configuration, where, in a sentence.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The file cannot be read.
        case unreadable
        /// Not YAML.
        case syntax
        case unknownKey
        case missingKey
        case wrongType
        case badValue
    }

    public var code: Code
    public var file: String
    /// Counted from 1.
    public var line: Int?
    public var reason: String

    public init(_ code: Code, file: String, line: Int?, reason: String) {
        self.code = code
        self.file = file
        self.line = line
        self.reason = Self.printable(reason)
    }

    /// What a file quotes of itself may be anything, of any length.
    private static func printable(_ text: String) -> String {
        let limit = 400
        let start = Catalogue.visible(String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))))
        return text.unicodeScalars.count > limit ? start + "…" : start
    }

    /// `agent.yaml:12: reason`, the form that editors jump to.
    public var description: String {
        line.map { "\(file):\($0): \(reason)" } ?? "\(file): \(reason)"
    }
}
