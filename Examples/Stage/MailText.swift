// SPDX-License-Identifier: Apache-2.0

/// A mail as a person reads it: header lines unfolded, a quoted-printable body decoded (RFC 2045, section 6.7).
public struct MailText: Sendable {
    private let headers: [(name: String, value: String)]
    public let body: String

    public init(_ text: String) {
        let text = text.replacing("\r\n", with: "\n")
        let split = text.firstRange(of: "\n\n")
        let head = split.map { text[..<$0.lowerBound] } ?? text[...]
        let rest = split.map { String(text[$0.upperBound...]) } ?? ""
        var headers: [(name: String, value: String)] = []
        for line in head.split(separator: "\n") {
            if line.first == " " || line.first == "\t", !headers.isEmpty {
                headers[headers.count - 1].value += line
            } else if let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                headers.append((line[..<colon].lowercased(), String(value)))
            }
        }
        self.headers = headers
        let encoding = headers.first { $0.name == "content-transfer-encoding" }?.value.lowercased()
        body = encoding == "quoted-printable" ? MailText.decode(rest) : rest
    }

    /// Empty when there is none.
    public func header(_ name: String) -> String {
        headers.first { $0.name == name.lowercased() }?.value ?? ""
    }

    private static func decode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.replacing("=\n", with: "").utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "="), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
