// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// A path in a JSON document, byte for byte: as text where it is UTF-8, else as `{"bytes": "<hexadecimal>"}`.
public struct StoredPath: Codable, Sendable, Hashable {
    public var path: FilePath

    public init(_ path: FilePath) { self.path = path }

    private enum Key: CodingKey {
        case bytes
    }

    public init(from decoder: any Decoder) throws {
        let bytes: [UInt8]?
        do {
            bytes = Array(try decoder.singleValueContainer().decode(String.self).utf8)
        } catch DecodingError.typeMismatch {
            let text = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .bytes)
            bytes = Self.bytes(hexadecimal: text)
        }
        // A zero would cut it off: another path than the one that was stored.
        guard let bytes, !bytes.contains(0) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "This is no path."))
        }
        path = FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
    }

    public func encode(to encoder: any Encoder) throws {
        let bytes = path.withPlatformString { start in
            UnsafeBufferPointer(start: start, count: path.length).map { UInt8(bitPattern: $0) }
        }
        if let text = String(validating: bytes, as: UTF8.self) {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        } else {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(hex(bytes), forKey: .bytes)
        }
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
