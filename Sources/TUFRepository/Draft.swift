// SPDX-License-Identifier: Apache-2.0
internal import Platform
public import TUF

/// A role's next metadata with the signatures that it has so far: what people carry to one another until enough of
/// them have signed.
public struct Draft: Sendable, Hashable {
    public let content: EditableMetadata
    public private(set) var signatures: [Signature] = []
    /// What is signed.
    private let canonical: [UInt8]

    public init(_ content: EditableMetadata) throws(RepositoryError) {
        self.content = content
        do {
            canonical = try JSONValue.object(content.signed).canonicalBytes()
        } catch {
            throw RepositoryError(.badName, "the metadata cannot be signed: \(error)")
        }
    }

    public init(parsing bytes: [UInt8]) throws(RepositoryError) {
        do {
            let document = try SignedMetadata(parsing: bytes, role: "this file")
            content = EditableMetadata(document.signed)
            signatures = document.signatures
            canonical = document.canonical
        } catch {
            throw RepositoryError(.metadata(error), "it is not metadata to sign: \(error)")
        }
    }

    public var bytes: [UInt8] {
        let list = signatures.map { ["keyid": .string($0.keyID), "sig": .string(hex($0.bytes))] as JSONValue }
        return JSONValue.object(["signatures": .array(list), "signed": .object(content.signed)]).prettyBytes()
    }

    /// `_type`: root, targets, snapshot or timestamp.
    public var type: String { content.signed["_type"]?.stringValue ?? "" }

    /// A second signature by the same key takes the place of the first.
    public mutating func sign(with signer: any Signer) throws(RepositoryError) {
        do {
            add(try signer.sign(canonical))
        } catch let error as RepositoryError {
            throw error
        } catch {
            throw RepositoryError(.badKey, "the key \(signer.key.keyID) does not sign: \(error)")
        }
    }

    /// Takes over the good signatures of a copy that somebody else signed.
    mutating func merge(_ copy: Draft, of roles: [RoleKeys]) {
        let good = Set(roles.flatMap(copy.signed))
        for signature in copy.signatures where good.contains(signature.keyID) { add(signature) }
    }

    /// Which of a role's keys have signed this rightly, by their ids.
    public func signed(by keys: RoleKeys) -> [String] {
        keys.keys.filter { key in
            signatures.contains { $0.keyID == key.keyID && key.isValid($0.bytes, for: canonical) }
        }.map(\.keyID)
    }

    /// Keys of the same material under two names count once (specification 5.3.4).
    func isSigned(by keys: RoleKeys) -> Bool {
        let signed = Set(signed(by: keys))
        return Set(keys.keys.filter { signed.contains($0.keyID) }.compactMap(\.material)).count >= keys.threshold
    }

    private mutating func add(_ signature: Signature) {
        signatures.removeAll { $0.keyID == signature.keyID }
        signatures.append(signature)
    }
}
