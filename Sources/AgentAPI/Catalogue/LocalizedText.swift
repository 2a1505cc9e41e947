// SPDX-License-Identifier: Apache-2.0

/// One text in every language. The initialiser asks for all four, so that a text cannot lack one.
///
/// `{name}` stands for an argument; a part in `[[…]]` is left out when one of its arguments is absent.
public struct LocalizedText: Sendable, Hashable {
    public var italian: String
    public var english: String
    public var french: String
    public var german: String

    public init(it: String, en: String, fr: String, de: String) {
        italian = it
        english = en
        french = fr
        german = de
    }

    public subscript(language: Language) -> String {
        switch language {
        case .italian: italian
        case .english: english
        case .french: french
        case .german: german
        }
    }

    /// The text in `language` with its arguments in place; an argument that is missing outside `[[…]]` shows as `—`.
    public func filled(_ arguments: [String: String] = [:], language: Language) -> String {
        var result = ""
        var rest = self[language][...]
        while let open = rest.firstRange(of: "[["), let close = rest.firstRange(of: "]]") {
            result += Self.substitute(rest[..<open.lowerBound], arguments).text
            let optional = Self.substitute(rest[open.upperBound..<close.lowerBound], arguments)
            if optional.isComplete { result += optional.text }
            rest = rest[close.upperBound...]
        }
        return result + Self.substitute(rest, arguments).text
    }

    /// The names in braces, in every language: tests hold the four to the same arguments.
    func placeholders(_ language: Language) -> Set<String> {
        var names: Set<String> = []
        var rest = self[language][...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            names.insert(String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return names
    }

    private static func substitute(
        _ template: Substring, _ arguments: [String: String]
    ) -> (text: String, isComplete: Bool) {
        var text = ""
        var isComplete = true
        var rest = template
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            if let value = arguments[String(rest[rest.index(after: open)..<close])] {
                text += value
            } else {
                text += "—"
                isComplete = false
            }
            rest = rest[rest.index(after: close)...]
        }
        return (text + rest, isComplete)
    }
}
