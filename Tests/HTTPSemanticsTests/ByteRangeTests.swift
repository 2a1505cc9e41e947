// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import Testing

@Suite struct ByteRangeTests {
    @Test(
        "one range of bytes is understood as RFC 9110 says, for a file of 1000 bytes",
        arguments: [
            (nil, .whole),
            // First and last position.
            ("bytes=0-99", .part(0..<100)), ("bytes=0-0", .part(0..<1)), ("bytes=999-999", .part(999..<1000)),
            ("bytes=0-999", .part(0..<1000)), ("bytes=0-5000", .part(0..<1000)), ("bytes=007-08", .part(7..<9)),
            // Open ones.
            ("bytes=0-", .part(0..<1000)), ("bytes=999-", .part(999..<1000)),
            // The last so many.
            ("bytes=-1", .part(999..<1000)), ("bytes=-1000", .part(0..<1000)), ("bytes=-5000", .part(0..<1000)),
            ("bytes=-99999999999999999999", .part(0..<1000)),
            // Beyond the end.
            ("bytes=1000-", .unsatisfiable), ("bytes=1000-1000", .unsatisfiable), ("bytes=5000-6000", .unsatisfiable),
            ("bytes=-0", .unsatisfiable), ("bytes=-000", .unsatisfiable),
            // Numbers that no integer holds.
            ("bytes=1-99999999999999999999", .part(1..<1000)), ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=99999999999999999998-99999999999999999999", .unsatisfiable),
            ("bytes=99999999999999999999-99999999999999999998", .whole),
            ("bytes=9223372036854775807-9223372036854775807", .unsatisfiable),
            ("bytes=0-9223372036854775807", .part(0..<1000)),
            // Units are compared without case; lists may have empty elements and white space.
            ("BYTES=1-2", .part(1..<3)), ("bytes=1-2,", .part(1..<3)), ("bytes=, \t1-2 ,", .part(1..<3)),
            // Invalid, several, or of other units: ignored.
            ("bytes=9-5", .whole), ("bytes=10-9", .whole), ("bytes=-", .whole), ("bytes=", .whole),
            ("bytes=,", .whole), ("bytes", .whole), ("", .whole), ("bytes=a-b", .whole), ("bytes=1", .whole),
            ("bytes=+1-2", .whole), ("bytes=1--2", .whole), ("bytes=--1", .whole), ("bytes=1 - 2", .whole),
            ("bytes =1-2", .whole), ("bytes:1-2", .whole), ("items=1-2", .whole), ("bytes=1-2,4-5", .whole),
            ("bytes=1-2,x", .whole), ("bytes=1.5-2", .whole), ("bytes=0x1-2", .whole), ("bytes=١-٢", .whole),
        ] as [(String?, ByteRange)])
    func understood(field: String?, expected: ByteRange) {
        #expect(ByteRange(field, length: 1000) == expected)
    }

    @Test(
        "of an empty file no position exists, and its last bytes are all of it",
        arguments: [
            ("bytes=0-", .unsatisfiable), ("bytes=0-0", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=-5", .whole), ("bytes=x", .whole),
        ] as [(String, ByteRange)])
    func empty(field: String, expected: ByteRange) {
        #expect(ByteRange(field, length: 0) == expected)
    }

    @Test("a file may be as large as numbers go")
    func largest() {
        #expect(ByteRange("bytes=0-", length: .max) == .part(0 ..< .max))
        #expect(ByteRange("bytes=0-9223372036854775807", length: .max) == .part(0 ..< .max))
        #expect(ByteRange("bytes=-1", length: .max) == .part(.max - 1 ..< .max))
    }
}
