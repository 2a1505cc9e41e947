// SPDX-License-Identifier: Apache-2.0
import Foundation
import TUF
import TUFRepository
import Testing
import TestSupport

/// Documents as an attacker would bend them. Deterministic: a failure names the input, and comes again.
@Suite struct HostileDocumentTests {
    /// SplitMix64: the same inputs on every machine.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    /// What parsers have stumbled over.
    private static let tokens: [String] = [
        "{", "}", "[", "]", "\"", "\\", ",", ":", "null", "true", "-0", "-", "1e999", "1.0", "0x1", "01",
        "9223372036854775808", "-9223372036854775809", String(repeating: "9", count: 400), "\\u0000", "\\ud800",
        "\\ud83d\\ude00", "\\udc00\\ud800", "\\u00e9", "e\\u0301", "\u{e9}", "e\u{301}", "\u{feff}", "\n", "\u{0}",
        "\"version\": 1,", "\"signed\": {},", "\"keyid\": \"\",", "\"paths\": [],", "\"2026-02-30T00:00:00Z\"",
    ]

    private static func seeds() throws -> [[UInt8]] {
        let repository = RepositorySimulator()
        repository.addTarget("om/a b\u{e9}.bin", [1, 2, 3])
        repository.delegate(to: "om", scope: ["paths": ["om/*"]])
        repository.delegate(to: "bins", scope: ["path_hash_prefixes": ["0", "a1"]])
        let roles = ["root", "timestamp", "snapshot", "targets"]
        let values: JSONValue = ["a": [1, -5, true, .null, ["\u{e9}": "\"\\\n\u{1}"]], "b": .number("1e5")]
        // Without indentation more of the changes hit something.
        return try roles.map { try JSONValue(parsing: repository.signed($0)).canonicalBytes() } + [values.prettyBytes()]
    }

    private static func bent(_ seed: [UInt8], by generator: inout Generator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, at + Int.random(in: 1...40, using: &generator))
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeSubrange(at...)
            case 3: bytes.removeSubrange(at..<end)
            case 4: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 5: bytes.insert(contentsOf: tokens[Int(generator.next() % UInt64(tokens.count))].utf8, at: at)
            default: bytes.insert(contentsOf: repeatElement(UInt8(ascii: "["), count: 70), at: at)
            }
        }
        return bytes
    }

    /// What must hold of any bytes whatever. Returns whether they were accepted.
    private static func check(_ bytes: [UInt8]) throws -> Bool {
        let input = String(decoding: bytes, as: UTF8.self)
        let value: JSONValue
        do { value = try JSONValue(parsing: bytes) } catch {
            #expect((0...bytes.count).contains(error.offset), "\(input)")
            return false
        }
        #expect(String(validating: bytes, as: UTF8.self) != nil, "not UTF-8, but accepted: \(input)")
        #expect(try JSONValue(parsing: value.prettyBytes()) == value, "\(input)")
        if let canonical = try? value.canonicalBytes(), canonical.allSatisfy({ $0 >= 0x20 }) {
            let again = try JSONValue(parsing: canonical)
            #expect(again == value, "the canonical form says something else: \(input)")
            #expect(try again.canonicalBytes() == canonical, "\(input)")
        }
        return true
    }

    @Test func bentDocumentsNeverTrapAndNeverMeanAnotherThingInCanonicalForm() throws {
        var generator = Generator(state: 3)
        var (accepted, refused) = (0, 0)
        for seed in try Self.seeds() {
            for _ in 0..<200 {
                let bytes = Self.bent(seed, by: &generator)
                if try Self.check(bytes) { accepted += 1 } else { refused += 1 }
                for role in TopLevelRole.allCases { Self.readTyped(bytes, as: role) }
            }
        }
        // Were nearly all on one side, the rules of the other would not have been tried.
        #expect(accepted > 50 && refused > 50, "\(accepted) accepted, \(refused) refused")
    }

    /// Every error of a document's form is `malformed`.
    private static func readTyped(_ bytes: [UInt8], as role: TopLevelRole) {
        do throws(TUFError) {
            let document = try SignedMetadata(parsing: bytes, role: role.rawValue)
            switch role {
            case .root: _ = try document.unchecked(as: Root.self, role: role.rawValue)
            case .timestamp: _ = try document.unchecked(as: Timestamp.self, role: role.rawValue)
            case .snapshot: _ = try document.unchecked(as: Snapshot.self, role: role.rawValue)
            case .targets:
                let targets = try document.unchecked(as: Targets.self, role: role.rawValue)
                _ = targets.delegations?.roles(for: "om/a/b")
                for path in targets.paths { _ = try targets.target(path) }
            }
        } catch {
            #expect(error.code == .malformed, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test func everyTruncationIsRefused() throws {
        for seed in try Self.seeds() {
            let whole = seed.last == UInt8(ascii: "\n") ? Array(seed.dropLast()) : seed
            for length in stride(from: 0, to: whole.count, by: 7) {
                #expect(throws: JSONError.self) { try JSONValue(parsing: Array(whole.prefix(length))) }
            }
        }
    }

    @Test func nestingThatWouldExhaustTheStackIsRefused() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000)
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(deep.utf8)) }
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(String(deep.prefix(100_000)).utf8)) }
        }
    }

    @Test func unknownFieldsSurviveInEveryObjectOfADocument() throws {
        for seed in try Self.seeds() {
            let marked = Self.marked(try JSONValue(parsing: seed))
            let again = try JSONValue(parsing: marked.prettyBytes())
            #expect(again == marked)
            #expect(Self.marks(again) == Self.marks(marked) && Self.marks(marked) > 0)
        }
    }

    private static func marked(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let values): return .array(values.map(marked))
        case .object(let object):
            var members = JSONObject(object.members.map { ($0.key, marked($0.value)) })
            members["x-unknown"] = ["kept": [1, "\u{e9}", "e\u{301}"]]
            return .object(members)
        default: return value
        }
    }

    private static func marks(_ value: JSONValue) -> Int {
        switch value {
        case .array(let values): values.map(marks).reduce(0, +)
        case .object(let object):
            object.members.map { ($0.key == "x-unknown" ? 1 : 0) + marks($0.value) }.reduce(0, +)
        default: 0
        }
    }
}
