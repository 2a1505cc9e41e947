// SPDX-License-Identifier: Apache-2.0
import Foundation
import Yams

/// Holds values to the schemas of `openapi.yaml`: the part of JSON Schema that the file uses.
struct SchemaChecker {
    let document: Node

    /// The sentences of what is wrong; empty when the value is as described.
    func check(_ value: Any, _ schema: Node, _ place: String = "body") -> [String] {
        let schema = resolved(schema)
        if let constant = schema["const"]?.string, value as? String != constant {
            return ["\(place) is not \(constant)"]
        }
        if let allowed = schema["enum"]?.array(of: String.self) {
            guard let text = value as? String, allowed.contains(text) else { return ["\(place) is none of \(allowed)"] }
        }
        switch schema["type"]?.string {
        case "object": return checkObject(value, schema, place)
        case "array":
            guard let list = value as? [Any] else { return ["\(place) is not an array"] }
            guard let items = schema["items"] else { return [] }
            return list.enumerated().flatMap { check($1, items, "\(place)[\($0)]") }
        case "string":
            guard let text = value as? String else { return ["\(place) is not a string"] }
            if schema["format"]?.string == "date-time", !Self.isDate(text) { return ["\(place) is no date: \(text)"] }
            if let pattern = schema["pattern"]?.string, text.range(of: pattern, options: .regularExpression) == nil {
                return ["\(place) does not match \(pattern)"]
            }
            return []
        case "integer":
            guard let number = value as? NSNumber, !Self.isBoolean(number),
                number.doubleValue == number.doubleValue.rounded()
            else { return ["\(place) is not an integer"] }
            return []
        case "number":
            guard let number = value as? NSNumber, !Self.isBoolean(number) else { return ["\(place) is not a number"] }
            return []
        case "boolean": return value is Bool ? [] : ["\(place) is not a boolean"]
        default: return schema["enum"] == nil ? ["\(place) has no schema"] : []
        }
    }

    private func checkObject(_ value: Any, _ schema: Node, _ place: String) -> [String] {
        guard let object = value as? [String: Any] else { return ["\(place) is not an object"] }
        var wrong: [String] = []
        for name in schema["required"]?.array(of: String.self) ?? [] where object[name] == nil {
            wrong.append("\(place).\(name) is missing")
        }
        for (name, member) in object {
            if let property = schema["properties"]?[name] {
                wrong += check(member, property, "\(place).\(name)")
            } else if let others = schema["additionalProperties"] {
                wrong += check(member, others, "\(place).\(name)")
            } else {
                wrong.append("\(place).\(name) is not described")
            }
        }
        return wrong
    }

    func resolved(_ node: Node) -> Node {
        guard let reference = node["$ref"]?.string else { return node }
        var found: Node? = document
        for part in reference.split(separator: "/").dropFirst() { found = found?[String(part)] }
        return found ?? node
    }

    private static func isDate(_ text: String) -> Bool {
        text.range(of: #"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"#, options: .regularExpression) != nil
    }

    private static func isBoolean(_ number: NSNumber) -> Bool { CFBoolean.isOne(number) }
}

private enum CFBoolean {
    /// JSONSerialization gives booleans as numbers of C type `c`/`B`.
    static func isOne(_ number: NSNumber) -> Bool { ["c", "B"].contains(String(cString: number.objCType)) }
}
