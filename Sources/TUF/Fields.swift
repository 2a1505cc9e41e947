// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Reads the fields of an object; what is missing or of another type is `malformed`, by name.
struct Fields {
    let object: JSONObject
    let role: String

    init(_ object: JSONObject, role: String) {
        self.object = object
        self.role = role
    }

    func malformed(_ reason: String) -> TUFError { TUFError(.malformed, reason, role: role) }

    func string(_ key: String) throws(TUFError) -> String {
        guard let value = object[key]?.stringValue else { throw malformed("\"\(key)\" must be a string") }
        return value
    }

    func integer(_ key: String) throws(TUFError) -> Int64 {
        guard let value = object[key]?.integerValue else { throw malformed("\"\(key)\" must be an integer") }
        return value
    }

    func array(_ key: String) throws(TUFError) -> [JSONValue] {
        guard let value = object[key]?.arrayValue else { throw malformed("\"\(key)\" must be an array") }
        return value
    }

    func object(_ key: String) throws(TUFError) -> JSONObject {
        guard let value = object[key]?.objectValue else { throw malformed("\"\(key)\" must be an object") }
        return value
    }

    /// At least 1.
    func version() throws(TUFError) -> Int64 {
        let version = try integer("version")
        guard version >= 1 else { throw malformed("\"version\" must be at least 1") }
        return version
    }

    func strings(_ key: String) throws(TUFError) -> [String]? {
        guard object[key] != nil else { return nil }
        let values = try array(key)
        let strings = values.compactMap(\.stringValue)
        guard strings.count == values.count else { throw malformed("\"\(key)\" must hold strings") }
        return strings
    }

    /// Algorithm to hexadecimal text; `nil` when there are none.
    func hashes() throws(TUFError) -> [String: String]? {
        guard object["hashes"] != nil else { return nil }
        var hashes: [String: String] = [:]
        for member in try object("hashes").members {
            guard let text = member.value.stringValue else { throw malformed("\"hashes\" must hold strings") }
            hashes[member.key] = text
        }
        guard !hashes.isEmpty else { throw malformed("\"hashes\" must not be empty") }
        return hashes
    }
}

/// What every role's metadata begins with (specification 4.3).
public struct MetadataHeader: Sendable, Equatable {
    public var version: Int64
    public var expires: Date

    init(_ signed: JSONObject, type: String, role: String) throws(TUFError) {
        let fields = Fields(signed, role: role)
        let found = try fields.string("_type")
        guard found == type else { throw fields.malformed("\"_type\" is \"\(found)\", not \"\(type)\"") }
        let specification = try fields.string("spec_version").split(separator: ".", omittingEmptySubsequences: false)
        guard (2...3).contains(specification.count), specification[0] == "1",
            specification.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { throw fields.malformed("\"spec_version\" is not of the 1.x line") }
        version = try fields.version()
        guard let expires = MetadataDate.parse(try fields.string("expires")) else {
            throw fields.malformed("\"expires\" must look like 2026-01-31T23:59:59Z")
        }
        self.expires = expires
    }
}

/// The only form that the specification allows: `YYYY-MM-DDTHH:MM:SSZ`.
public enum MetadataDate {
    public static func parse(_ text: String) -> Date? {
        let shape = Array("0000-00-00T00:00:00Z".utf8)
        guard text.utf8.count == shape.count,
            zip(text.utf8, shape).allSatisfy({ $1 == 48 ? (48...57).contains($0) : $0 == $1 }),
            let date = try? Date.ISO8601FormatStyle().parse(text),
            // A day that the calendar lacks would come back as another.
            format(date) == text
        else { return nil }
        return date
    }

    /// Whole seconds.
    public static func format(_ date: Date) -> String {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)).formatted(.iso8601)
    }
}
