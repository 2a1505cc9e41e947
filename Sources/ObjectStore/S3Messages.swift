// SPDX-License-Identifier: Apache-2.0
import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// An element of the XML that S3 answers with. Entities from outside are not resolved.
struct XMLElement: Sendable, Hashable {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// `nil` when the bytes are not XML.
    static func parsed(_ bytes: [UInt8]) -> XMLElement? {
        let parser = XMLParser(data: Data(bytes))
        let reader = ElementReader()
        parser.delegate = reader
        guard parser.parse() else { return nil }
        return reader.root
    }

    func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }
    func text(of name: String) -> String? { child(name)?.text }
}

private final class ElementReader: NSObject, XMLParserDelegate {
    var root: XMLElement?
    private var open: [XMLElement] = []

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        open.append(XMLElement(name: name))
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += text
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard let done = open.popLast() else { return }
        if open.isEmpty { root = done } else { open[open.count - 1].children.append(done) }
    }
}

/// One page of `ListObjectsV2`.
struct ObjectList: Sendable, Hashable {
    var files: [StoredFile]
    /// Of the next page.
    var continuation: String?

    /// Names are made relative to `prefix`; `nil` when it is no list.
    init?(_ bytes: [UInt8], prefix: String) {
        guard let root = XMLElement.parsed(bytes), root.name == "ListBucketResult" else { return nil }
        files = []
        for object in root.children where object.name == "Contents" {
            guard let key = object.text(of: "Key"), let size = object.text(of: "Size").flatMap({ Int64($0) }) else {
                return nil
            }
            guard key.hasPrefix(prefix) else { continue }
            files.append(
                StoredFile(path: String(key.dropFirst(prefix.count)), size: size, etag: object.text(of: "ETag")))
        }
        guard root.text(of: "IsTruncated") == "true" else { return }
        guard let token = root.text(of: "NextContinuationToken") else { return nil }
        continuation = token
    }
}

/// The code and the sentence of an answer that is an error.
struct S3Failure: Sendable, Hashable {
    /// `AccessDenied`, say.
    var code: String
    var message: String

    /// `nil` when it is none: a proxy's page, say, or an answer to HEAD.
    init?(_ bytes: [UInt8]) {
        guard let root = XMLElement.parsed(bytes), root.name == "Error", let code = root.text(of: "Code") else {
            return nil
        }
        self.code = code
        message = root.text(of: "Message") ?? ""
    }
}
