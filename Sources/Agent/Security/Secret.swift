// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation

/// Random secrets, and the form in which they are stored: only their hash, so that a stolen database opens nothing.
/// They carry 256 bits of randomness themselves, so one SHA-256 is enough.
enum Secret {
    /// 256 random bits, base64url without padding.
    static func token() -> String {
        encoded(SymmetricKey(size: .bits256))
    }

    /// 128 random bits as lower-case hex: an identifier nobody can guess.
    static func identifier() -> String {
        SymmetricKey(size: .bits128).withUnsafeBytes { hex($0) }
    }

    static func hash(_ token: String) -> String { hex(SHA256.hash(data: Data(token.utf8))) }

    /// A password for a person to type once: 20 characters from 32 that are not mistaken for each other, 100 bits.
    static func oneTimePassword() -> String {
        let alphabet = Array("abcdefghjkmnpqrstuvwxyz123456789")
        var generator = SystemRandomNumberGenerator()
        let groups = (0..<4).map { _ in
            String((0..<5).map { _ in alphabet[Int(generator.next(upperBound: UInt(alphabet.count)))] })
        }
        return groups.joined(separator: "-")
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    private static let digits = Array("0123456789abcdef")

    private static func encoded(_ key: SymmetricKey) -> String {
        key.withUnsafeBytes { Data($0) }.base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
