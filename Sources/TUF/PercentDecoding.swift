// SPDX-License-Identifier: Apache-2.0

/// `nil` when what follows a percent sign is not two hexadecimal digits, or the whole is not UTF-8.
/// Decoded once: `%252e` is a name with a percent sign.
package func percentDecoded(_ text: Substring) -> String? {
    var decoded: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        guard let pair = String(rest.prefix(2)), pair.utf8.count == 2, let value = bytes(hex: pair)?.first else {
            return nil
        }
        decoded.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: decoded, as: UTF8.self)
}
