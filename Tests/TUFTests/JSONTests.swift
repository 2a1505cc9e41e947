// SPDX-License-Identifier: Apache-2.0
import TUF
import TestSupport
import Testing

@Suite("JSON")
struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    private func canonical(_ text: String) throws -> String {
        String(decoding: try parse(text).canonicalBytes(), as: UTF8.self)
    }

    @Test("Canonical form: sorted keys, no white space, only quote and backslash escaped, newlines raw")
    func canonicalForm() throws {
        let text = #" { "b" : [1, -0, true, null, ""], "a\"\\\n\t\u00e9" : "\/\u0001", "" : {} } "#
        #expect(try canonical(text) == "{\"\":{},\"a\\\"\\\\\n\té\":\"/\u{1}\",\"b\":[1,0,true,null,\"\"]}")
    }

    @Test("Keys are sorted by bytes, not as a language would")
    func byteOrder() throws {
        #expect(
            try canonical(#"{"é":1,"z":2,"Z":3,"a":4,"ab":5,"😀":6,"ﬀ":7}"#)
                == #"{"Z":3,"a":4,"ab":5,"z":2,"é":1,"ﬀ":7,"😀":6}"#)
    }

    @Test("Composed and decomposed characters are different keys, and different strings")
    func noNormalisation() throws {
        let value = try parse("{\"\u{e9}\": 1, \"e\u{301}\": 2}")
        #expect(value.objectValue?.count == 2)
        #expect(value["\u{e9}"] == 1)
        #expect(value["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{e9}") != JSONValue.string("e\u{301}"))
        #expect(Set([JSONValue.string("\u{e9}"), JSONValue.string("e\u{301}")]).count == 2)
    }

    @Test("A key that comes twice is an error, also when it is written differently")
    func duplicateKeys() {
        #expect(throws: JSONError.self) { try parse(#"{"a":1,"b":2,"a":1}"#) }
        #expect(throws: JSONError.self) { try parse(#"{"a":1,"\u0061":1}"#) }
        #expect(throws: JSONError.self) { try parse(#"[{"x":{"a":1,"a":2}}]"#) }
    }

    @Test("Numbers keep what they say; only integers can be signed")
    func numbers() throws {
        #expect(try parse("1.0") == .number("1.0"))
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("9223372036854775808") == .number("9223372036854775808"))
        #expect(try canonical("-9223372036854775809") == "-9223372036854775809")
        #expect(throws: JSONError.self) { try canonical("1.0") }
        #expect(throws: JSONError.self) { try canonical("1e3") }
    }

    @Test(
        "What is not JSON is refused",
        arguments: [
            "", " ", "{", "[1,]", "[,1]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "+1", "1.", ".5", "1e", "-",
            "tru", "nul", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
            "\"\n\"", "[1] 2", "NaN", "Infinity", "'a'", "\u{feff}1", "[1}", "// x\n1",
        ])
    func malformed(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test("A string that is not UTF-8 is refused")
    func notUTF8() {
        for bytes in [[0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] as [[UInt8]] {
            #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
        }
    }

    @Test("Escapes mean what RFC 8259 says")
    func escapes() throws {
        #expect(
            try parse(#""\b\f\n\r\t\/\\\"\u0000\ud83d\ude00""#)
                == .string("\u{8}\u{c}\n\r\t/\\\"\u{0}😀"))
    }

    @Test("Nesting is limited, so that no document can exhaust the stack")
    func depth() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try parse(deep) }
        #expect(throws: Never.self) {
            try parse(String(repeating: "[", count: 60) + String(repeating: "]", count: 60))
        }
    }

    @Test("What is written is read back the same")
    func roundTrip() throws {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let value = randomJSON(&random, depth: 4)
            #expect(try JSONValue(parsing: value.prettyBytes()) == value, "seed \(seed)")
            #expect(try JSONValue(parsing: value.prettyBytes()).canonicalBytes() == value.canonicalBytes())
        }
    }

    @Test("Damaged documents are an error or a value, never a crash")
    func damage() {
        for seed in 0..<1000 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let damaged = damage(randomJSON(&random, depth: 4).prettyBytes(), &random)
            if let value = try? JSONValue(parsing: damaged) {
                #expect((try? JSONValue(parsing: value.prettyBytes())) == value, "seed \(seed)")
            }
        }
    }

    @Test("Damaged metadata is refused in words, never a crash")
    func damagedMetadata() throws {
        let honest = RepositorySimulator()
        for role in ["root", "timestamp", "snapshot", "targets"] {
            let bytes = honest.signed(role)
            for seed in 0..<100 as Range<UInt64> {
                var random = SeededRandom(seed: seed)
                var damaged = bytes
                for _ in 0..<3 { damaged = damage(damaged, &random) }
                guard damaged != bytes else { continue }
                var trusted = try TrustedMetadata(trustedRoot: honest.trustedRoot, referenceTime: ManualClock().now)
                // White space and signatures may change without harm; what is signed may not.
                let isSame =
                    (try? SignedMetadata(parsing: damaged, role: role))?.canonical
                    == (try SignedMetadata(parsing: bytes, role: role)).canonical
                guard !isSame else { continue }
                #expect(throws: TUFError.self, "seed \(seed)") {
                    switch role {
                    case "root": try trusted.updateRoot(damaged)
                    case "timestamp": try trusted.updateTimestamp(damaged)
                    case "snapshot":
                        try trusted.updateTimestamp(honest.signed("timestamp"))
                        try trusted.updateSnapshot(damaged, isLocal: true)
                    default:
                        try trusted.updateTimestamp(honest.signed("timestamp"))
                        try trusted.updateSnapshot(honest.signed("snapshot"))
                        try trusted.updateTargets(damaged)
                    }
                }
            }
        }
    }

    private func damage(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var damaged = bytes
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where !damaged.isEmpty: damaged.removeLast(Int.random(in: 0...min(20, damaged.count), using: &random))
        case 1 where !damaged.isEmpty: damaged.remove(at: Int.random(in: 0..<damaged.count, using: &random))
        case 2 where !damaged.isEmpty:
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: 0...255, using: &random)
        default:
            damaged.insert(
                .random(in: 0...255, using: &random), at: Int.random(in: 0...damaged.count, using: &random))
        }
        return damaged
    }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

private func randomJSON(_ random: inout SeededRandom, depth: Int) -> JSONValue {
    func text(_ random: inout SeededRandom) -> String {
        let letters = ["a", "é", "e\u{301}", "\"", "\\", "\n", "\u{0}", "😀", "/", "signed", "keyid"]
        return (0..<Int.random(in: 0..<5, using: &random)).map { _ in
            letters[Int.random(in: 0..<letters.count, using: &random)]
        }.joined()
    }
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(.random(in: .min ... .max, using: &random))
    case 3, 4: return .string(text(&random))
    case 5:
        return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in randomJSON(&random, depth: depth - 1) })
    default:
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0..<4, using: &random) {
            object[text(&random)] = randomJSON(&random, depth: depth - 1)
        }
        return .object(object)
    }
}
