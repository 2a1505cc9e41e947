// SPDX-License-Identifier: Apache-2.0
import TUF

/// What somebody who signs metadata should know about it, in lines: what it is, and what it changes.
public struct DraftSummary: Sendable, Hashable {
    public let lines: [String]

    /// - Parameter previous: what it follows; without it there is nothing to compare with.
    public init(_ draft: Draft, previous: Draft? = nil) throws(RepositoryError) {
        let content = draft.content
        let until = content.signed["expires"]?.stringValue ?? "?"
        var lines = ["\(draft.type) version \(content.version), valid until \(until)"]
        if let previous {
            guard previous.type == draft.type else {
                throw RepositoryError(.badName, "the previous file is \(previous.type), not \(draft.type)")
            }
            lines.append("follows version \(previous.content.version)")
        }
        lines += draft.type == "root" ? Self.root(content, previous?.content) : Self.targets(content, previous?.content)
        self.lines = lines
    }

    private static func root(_ content: EditableMetadata, _ previous: EditableMetadata?) -> [String] {
        TopLevelRole.allCases.flatMap { role in
            keys(
                of: role.rawValue, content.signed["roles"]?[role.rawValue],
                before: previous?.signed["roles"]?[role.rawValue])
        }
    }

    private static func targets(_ content: EditableMetadata, _ previous: EditableMetadata?) -> [String] {
        func roles(_ metadata: EditableMetadata?) -> [JSONValue] {
            metadata?.signed["delegations"]?["roles"]?.arrayValue ?? []
        }
        func name(_ role: JSONValue) -> String { role["name"]?.stringValue ?? "?" }
        var lines: [String] = []
        for role in roles(content) {
            lines += keys(
                of: "delegation to \(name(role))", role, before: roles(previous).first { name($0) == name(role) })
        }
        for role in roles(previous) where !roles(content).contains(where: { name($0) == name(role) }) {
            lines.append("delegation to \(name(role)): taken away")
        }
        return lines + files(content, previous)
    }

    private static func files(_ content: EditableMetadata, _ previous: EditableMetadata?) -> [String] {
        let now = content.signed["targets"]?.objectValue ?? JSONObject()
        guard let previous else { return ["\(now.members.count) targets"] }
        let before = previous.signed["targets"]?.objectValue ?? JSONObject()
        var lines: [String] = []
        for member in now.members where before[member.key] != member.value {
            let (size, digest) = (member.value["length"]?.integerValue ?? 0, member.value["hashes"]?["sha256"])
            let verb = before[member.key] == nil ? "new" : "changed"
            lines.append("\(verb): \(member.key) (\(size) bytes, SHA-256 \(digest?.stringValue ?? "not given"))")
        }
        for member in before.members where now[member.key] == nil { lines.append("taken away: \(member.key)") }
        return lines.isEmpty ? ["no target changes"] : lines
    }

    private static func keys(of name: String, _ role: JSONValue?, before: JSONValue?) -> [String] {
        func keyIDs(_ role: JSONValue?) -> [String] { role?["keyids"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        let (now, threshold) = (keyIDs(role), role?["threshold"]?.integerValue ?? 0)
        var lines = ["\(name): \(threshold) of \(now.count) keys must sign"]
        guard let before else { return lines + now.map { "  key \($0)" } }
        let (old, oldThreshold) = (keyIDs(before), before["threshold"]?.integerValue ?? 0)
        if old == now, oldThreshold == threshold {
            return ["\(name): as before, " + lines[0].dropFirst(name.count + 2)]
        }
        lines[0] += " (before: \(oldThreshold) of \(old.count))"
        lines += now.filter { !old.contains($0) }.map { "  new key \($0)" }
        return lines + old.filter { !now.contains($0) }.map { "  key taken away \($0)" }
    }
}
