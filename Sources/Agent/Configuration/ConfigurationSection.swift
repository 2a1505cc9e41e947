// SPDX-License-Identifier: Apache-2.0
import Yams

/// One mapping of the configuration file: typed values out, a ``ConfigurationError`` with the line for anything else.
/// Making one refuses keys that it does not know.
struct ConfigurationSection {
    let file: String
    /// Where this mapping is in the document, for people: `installations[0].health`; empty at the top.
    let path: String
    let line: Int?
    private var values: [String: Node] = [:]
    private var lines: [String: Int] = [:]

    init(_ node: Node, file: String, path: String, keys: [String]) throws(ConfigurationError) {
        self.file = file
        self.path = path
        line = node.mark?.line
        guard let mapping = node.mapping else {
            throw ConfigurationError(
                .wrongType, file: file, line: node.mark?.line,
                reason: "\(path.isEmpty ? "the file" : "“\(path)”") must be a mapping of keys to values")
        }
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            guard keys.contains(name) else {
                let hint = Spelling.nearest(to: name, among: keys).map { "did you mean “\($0)”?" }
                let place = path.isEmpty ? "" : " in “\(path)”"
                throw ConfigurationError(
                    .unknownKey, file: file, line: key.mark?.line,
                    reason: "unknown key “\(name)”\(place); "
                        + (hint ?? "known here: \(keys.sorted().joined(separator: ", "))"))
            }
            values[name] = value
            lines[name] = key.mark?.line
        }
    }

    /// How a key is called in messages.
    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func error(_ code: ConfigurationError.Code, _ key: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(code, file: file, line: lines[key] ?? line, reason: "“\(name(key))” \(reason)")
    }

    func has(_ key: String) -> Bool { node(key) != nil }

    /// The value; an explicit null counts as absent.
    func node(_ key: String) -> Node? {
        guard let value = values[key] else { return nil }
        return value.tag == Tag(.null) ? nil : value
    }

    func required<Value>(_ key: String, _ value: Value?) throws(ConfigurationError) -> Value {
        guard let value else { throw error(.missingKey, key, "is missing") }
        return value
    }

    func string(_ key: String) throws(ConfigurationError) -> String? {
        guard let node = node(key) else { return nil }
        // Numbers and the like are taken as they are written: `product: 2024` means the text.
        guard let text = node.scalar?.string else { throw error(.wrongType, key, "must be a text") }
        guard !text.isEmpty else { throw error(.badValue, key, "must not be empty") }
        return text
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let node = node(key) else { return nil }
        guard let scalar = node.scalar, let value = Int.construct(from: scalar) else {
            throw error(.wrongType, key, "must be a whole number")
        }
        guard range.contains(value) else {
            throw error(.badValue, key, "must be between \(range.lowerBound) and \(range.upperBound), not \(value)")
        }
        return value
    }

    func seconds(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double? {
        guard let node = node(key) else { return nil }
        guard let scalar = node.scalar, let value = Double.construct(from: scalar) else {
            throw error(.wrongType, key, "must be a number of seconds")
        }
        guard range.contains(value) else {
            throw error(
                .badValue, key,
                "must be between \(Int(range.lowerBound)) and \(Int(range.upperBound)) seconds, not \(value)")
        }
        return value
    }

    /// A number of bytes: `20 GB`, `500 MiB`, `1000000`.
    func bytes(_ key: String, in range: ClosedRange<Int64>) throws(ConfigurationError) -> Int64? {
        guard let text = try string(key) else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let factor = Self.units[String(unit)], let number = Int64(digits) else {
            throw error(.wrongType, key, "must be a number of bytes such as 20 GB, not “\(text)”")
        }
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, range.contains(value) else {
            throw error(
                .badValue, key, "must be between \(range.lowerBound) and \(range.upperBound) bytes, not \(text)")
        }
        return value
    }

    private static let units: [String: Int64] = [
        "": 1, "B": 1, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000, "KiB": 1 << 10,
        "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    ]

    func boolean(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let node = node(key) else { return nil }
        guard let scalar = node.scalar, let value = Bool.construct(from: scalar) else {
            throw error(.wrongType, key, "must be true or false")
        }
        return value
    }

    func strings(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let node = node(key) else { return nil }
        guard let sequence = node.sequence else { throw error(.wrongType, key, "must be a list of texts") }
        var result: [String] = []
        for element in sequence {
            guard let text = element.scalar?.string, !text.isEmpty else {
                throw ConfigurationError(
                    .wrongType, file: file, line: element.mark?.line ?? lines[key],
                    reason: "every entry of “\(name(key))” must be a text that is not empty")
            }
            result.append(text)
        }
        return result
    }

    /// A program and its arguments.
    func command(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let command = try strings(key) else { return nil }
        guard !command.isEmpty else { throw error(.badValue, key, "must name a program") }
        return command
    }

    func nodes(_ key: String) throws(ConfigurationError) -> [Node]? {
        guard let node = node(key) else { return nil }
        guard let sequence = node.sequence else { throw error(.wrongType, key, "must be a list") }
        return Array(sequence)
    }

    func section(_ key: String, keys: [String]) throws(ConfigurationError) -> ConfigurationSection? {
        guard let node = node(key) else { return nil }
        return try ConfigurationSection(node, file: file, path: name(key), keys: keys)
    }

    /// A mapping of free names to texts.
    func dictionary(_ key: String) throws(ConfigurationError) -> [String: String]? {
        guard let node = node(key) else { return nil }
        guard let mapping = node.mapping else { throw error(.wrongType, key, "must be a mapping of names to texts") }
        var result: [String: String] = [:]
        for (name, value) in mapping {
            guard let name = name.scalar?.string, !name.isEmpty, let text = value.scalar?.string else {
                throw ConfigurationError(
                    .wrongType, file: file, line: value.mark?.line ?? lines[key],
                    reason: "every entry of “\(self.name(key))” must be a name and a text")
            }
            result[name] = text
        }
        return result
    }

    func choice<Value: RawRepresentable & CaseIterable>(
        _ key: String, of type: Value.Type
    ) throws(ConfigurationError) -> Value? where Value.RawValue == String {
        guard let text = try string(key) else { return nil }
        guard let value = Value(rawValue: text) else {
            let known = Value.allCases.map(\.rawValue)
            let hint = Spelling.nearest(to: text, among: known).map { "; did you mean “\($0)”?" } ?? ""
            throw error(.badValue, key, "must be one of \(known.joined(separator: ", ")), not “\(text)”\(hint)")
        }
        return value
    }
}
