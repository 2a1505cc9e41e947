// SPDX-License-Identifier: Apache-2.0
import Packaging
import Testing

@Suite struct VersionTests {
    @Test("Versions are ordered as people expect, previews before their release")
    func order() throws {
        let ascending = [
            "0.9", "1.0-alpha", "1.0-alpha.1", "1.0-alpha.beta", "1.0-beta", "1.0-beta.2", "1.0-beta.11", "1.0-rc.1",
            "1.0", "1.0.1", "1.2", "1.10", "2.0-1", "2.0", "2024.1.5", "20240101120000000000000",
            "20240101120000000000001",
        ].map { Version($0) }
        for (index, version) in ascending.enumerated() {
            let version = try #require(version)
            for later in ascending[(index + 1)...] {
                let later = try #require(later)
                #expect(version < later, "\(version) < \(later)")
                #expect(!(later < version))
                #expect(version != later)
            }
        }
    }

    @Test(
        "Missing parts are zeros and leading zeros do not count",
        arguments: [("1", "1.0.0"), ("1.0", "01.0"), ("0", "0.0")])
    func spellings(a: String, b: String) throws {
        let (left, right) = (try #require(Version(a)), try #require(Version(b)))
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(!(left < right) && !(right < left))
    }

    @Test(
        "What could not be a folder's name or a part of a URL is no version",
        arguments: [
            "", "v1", ".", "..", "1..0", "1.", "1/2", "1.0/../..", "1.0 ", "1.0+x", "1.0-", "1.0-a..b", "1\u{0}", "１.0",
            "channels", String(repeating: "1", count: 65),
        ])
    func refused(text: String) {
        #expect(Version(text) == nil)
    }
}
