// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// OLPC canonical JSON, what signatures are made over: keys sorted by bytes, no white space, only `"` and `\`
    /// escaped, integers only. Throws for any other number.
    public func canonicalBytes() throws(JSONError) -> [UInt8] {
        var encoder = JSONEncoding()
        try encoder.canonical(self)
        return encoder.output
    }

    /// JSON that any parser reads, indented by one space as other tools write metadata.
    public func prettyBytes() -> [UInt8] {
        var encoder = JSONEncoding()
        encoder.pretty(self, indent: 0)
        return encoder.output
    }
}

private struct JSONEncoding {
    var output: [UInt8] = []

    mutating func canonical(_ value: JSONValue) throws(JSONError) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .number(let text):
            guard
                text.utf8.dropFirst(text.utf8.first == UInt8(ascii: "-") ? 1 : 0).allSatisfy({ (48...57).contains($0) })
            else { throw JSONError("\(text) is not an integer, so it cannot be signed", offset: output.count) }
            append(text)
        case .string(let text): canonicalString(text)
        case .array(let values):
            append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { append(",") }
                try canonical(value)
            }
            append("]")
        case .object(let object):
            append("{")
            for (index, member) in object.members.enumerated() {
                if index > 0 { append(",") }
                canonicalString(member.key)
                append(":")
                try canonical(member.value)
            }
            append("}")
        }
    }

    mutating func pretty(_ value: JSONValue, indent: Int) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .number(let text): append(text)
        case .string(let text): jsonString(text)
        case .array(let values):
            guard !values.isEmpty else { return append("[]") }
            append("[")
            for (index, value) in values.enumerated() {
                newLine(indent + 1, first: index == 0)
                pretty(value, indent: indent + 1)
            }
            newLine(indent, first: true)
            append("]")
        case .object(let object):
            guard !object.isEmpty else { return append("{}") }
            append("{")
            for (index, member) in object.members.enumerated() {
                newLine(indent + 1, first: index == 0)
                jsonString(member.key)
                append(": ")
                pretty(member.value, indent: indent + 1)
            }
            newLine(indent, first: true)
            append("}")
        }
    }

    private mutating func append(_ text: String) { output.append(contentsOf: text.utf8) }

    private mutating func newLine(_ indent: Int, first: Bool) {
        append(first ? "\n" : ",\n")
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent))
    }

    private mutating func canonicalString(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append("\\") }
            output.append(byte)
        }
        append("\"")
    }

    private mutating func jsonString(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append("\\")
                output.append(byte)
            case UInt8(ascii: "\n"): append("\\n")
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
            default: output.append(byte)
            }
        }
        append("\"")
    }
}
