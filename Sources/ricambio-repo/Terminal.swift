// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
internal import SystemPackage

/// Lines to people and to scripts, written at once: a pipe would keep buffered ones back.
enum Terminal {
    static func say(_ line: String) {
        write(line, to: .standardOutput)
    }

    static func complain(_ line: String) {
        write(line, to: .standardError)
    }

    static func sayJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        say(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// `37.9 MB`
    static func megabytes(_ bytes: Int64) -> String {
        let tenths = (bytes + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10) MB"
    }

    private static func write(_ line: String, to descriptor: FileDescriptor) {
        // Nobody is left to tell when the reader of the output has gone.
        _ = try? descriptor.writeAll((line + "\n").utf8)
    }
}
