// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The encodings that carry any text over mail's seven bits.
enum MailEncoding {
    /// A whole header line, folded. Control characters in `value` become spaces, so that no value can add a header.
    static func header(_ name: String, _ value: String) -> String {
        let scalars = value.unicodeScalars.map { $0.value < 32 || (127..<160).contains($0.value) ? " " : $0 }
        let clean = String(String.UnicodeScalarView(scalars))
        let isPlain = clean.unicodeScalars.allSatisfy(\.isASCII) && !clean.contains("=?")
        return isPlain ? folded("\(name): \(clean)") : encodedWords(name, clean)
    }

    /// RFC 2045, section 6.7; lines end in CRLF.
    static func quotedPrintable(_ text: String) -> String {
        let unified = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        let lines = unified.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { encodedLine(Array($0.utf8)) }.joined(separator: "\r\n")
    }

    private static func encodedLine(_ bytes: [UInt8]) -> String {
        var result = ""
        var column = 0
        for (index, byte) in bytes.enumerated() {
            let isLast = index == bytes.count - 1
            let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            let isLiteral = (33...126).contains(byte) && byte != UInt8(ascii: "=")
            // A blank at the end of a line would be lost on the way.
            let unit =
                isLiteral || (isBlank && !isLast)
                ? String(Unicode.Scalar(byte)) : String(format: "=%02X", byte)
            // 76 characters, one of which is the `=` of a soft break.
            if column + unit.count > (isLast ? 76 : 75) {
                result += "=\r\n"
                column = 0
            }
            result += unit
            column += unit.count
        }
        return result
    }

    /// Breaks before a blank; a word that is longer than a line stays whole.
    private static func folded(_ line: String) -> String {
        var result = ""
        var column = 0
        for (index, word) in line.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
            // An empty word means two blanks in a row: a fold there would leave a line of blanks only.
            if index > 1, !word.isEmpty, column + 1 + word.utf8.count > 76 {
                result += "\r\n "
                column = 1
            } else if index > 0 {
                result += " "
                column += 1
            }
            result += word
            column += word.utf8.count
        }
        return result
    }

    /// RFC 2047: words of at most 75 characters on lines of at most 76, none of which splits a character.
    private static func encodedWords(_ name: String, _ value: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in value.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // The first line also carries the header's name.
            let limit = words.count == 1 ? 36 - name.utf8.count / 4 * 3 : 45
            if let last = words.last, last.count + bytes.count > limit { words.append([]) }
            words[words.count - 1] += bytes
        }
        return "\(name): "
            + words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
