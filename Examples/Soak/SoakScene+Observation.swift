// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage

/// Looking at the scene: at rest, or on the way there.
extension SoakScene {
    /// `nil` when nothing goes on and the application is up; else what is missing.
    func unrest() async -> String? {
        guard isAgentRunning else { return "the agent does not run" }
        do {
            guard let status = try await status() else { return "the agent knows no installation" }
            if let run = status.run { return "the run to \(run.to) is in \(run.step)" }
            guard status.service == .running else { return "the service is \(status.service.rawValue)" }
            if let run = try await history().first, run.outcome == nil { return "the run to \(run.to) has no outcome" }
            return upVersion() == nil ? "no version says that it is up" : nil
        } catch {
            return "\(error)"
        }
    }

    /// The version that says it is up, if it lives.
    nonisolated func upVersion() -> String? {
        guard let parts = text(saying.appending("up"))?.split(whereSeparator: \.isWhitespace), parts.count == 2,
            let pid = pid_t(parts[1]), kill(pid, 0) == 0
        else { return nil }
        return String(parts[0])
    }

    /// Everything that the application has said so far.
    func said() -> Set<SaidLine> {
        Set((text(saying.appending("said")) ?? "").split(separator: "\n").compactMap(SaidLine.init))
    }

    /// What versions complained of when they opened the data; a few lines are enough.
    func damage() -> [String] {
        (text(saying.appending("damage")) ?? "").split(separator: "\n").prefix(3).map(String.init)
    }

    /// `foreign` are names of files that somebody put into the live folder.
    func observe(foreign: Set<String>, after lastRun: String?) async throws -> Observation {
        let files = stage.fileSystem
        var found = Observation()
        found.installed = try await status()?.version
        found.up = upVersion()
        let run = try await history().first
        if let run, run.id != lastRun { found.outcome = run.outcome?.rawValue }
        found.files = try hashes(of: live)
        found.present = present(backups: found.files)
        let schema = { [self] (name: String) in
            text(data.appending(name))?.split(separator: "\n").first.map(String.init)
        }
        found.schemas = (schema("database"), schema("database-wal"), text(data.appending("store/schema"))?.trimmed)
        found.damage = damage()
        found.preferences = text(live.appending("preferences/settings"))
        found.foreign = foreign.intersection(try foreignFiles())
        found.stateEntries = try entries(below: state, without: ["retained", "foreign"]).count
        found.oddNames = try oddNames()
        if try files.exists(stage.folder.appending("stranger")) {
            found.isStrangerWhole = text(old.appending("stranger")) == Self.stranger
        }
        return found
    }

    static let stranger = "a folder of somebody else's\n"

    private func hashes(of folder: FilePath) throws -> [String: String] {
        let files = stage.fileSystem
        guard try files.exists(folder) else { return [:] }
        var hashes: [String: String] = [:]
        for path in try files.files(below: folder) {
            // Some are written to meanwhile, others come and go.
            guard let bytes = try? files.read(folder.pushing(FilePath(path)), limit: 64 << 20) else { continue }
            hashes[path] = sha256Hex(bytes)
        }
        return hashes
    }

    private func present(backups: [String: String]) -> Set<SaidLine> {
        func lines(_ file: FilePath, _ place: String) -> [SaidLine] {
            (text(file) ?? "").split(separator: "\n").compactMap { SaidLine("\(place) \($0)") }
        }
        let wholeBackups = backups.compactMap { path, hash -> SaidLine? in
            guard let name = FilePath(path).lastComponent?.string, path == "backups/\(name)",
                hash == sha256Hex(Array((name + "\n").utf8))
            else { return nil }
            return SaidLine("backup \(name)")
        }
        return Set(
            lines(live.appending("counter/lines"), "kept") + lines(data.appending("database"), "data") + wholeBackups)
    }

    /// Names of files that are where those of others may be.
    private func foreignFiles() throws -> Set<String> {
        let files = stage.fileSystem
        let moved = try files.entries(of: live.removingLastComponent()).filter { $0.hasPrefix("moved-") }
        let places =
            [live, old, state.appending("retained"), state.appending("foreign")]
            + moved.map { live.removingLastComponent().appending($0) }
        var names: Set<String> = []
        for place in places where try files.exists(place) {
            names.formUnion(try files.files(below: place).compactMap { FilePath($0).lastComponent?.string })
        }
        return names
    }

    /// Files and folders, relative.
    private func entries(below folder: FilePath, without left: Set<String>) throws -> [String] {
        let files = stage.fileSystem
        var found: [String] = []
        for name in try files.entries(of: folder) where !left.contains(name) {
            found.append(name)
            if try files.attributes(of: folder.appending(name))?.kind == .directory {
                found += try entries(below: folder.appending(name), without: [])
            }
        }
        return found
    }

    private func oddNames() throws -> [String] {
        let files = stage.fileSystem
        let known: [(FilePath, Set<String>)] = [
            (live.removingLastComponent(), ["App", "App_old", ".ricambio"]),
            (data, ["database", "database-wal", "database.new", "store"]),
            (
                customer.folder,
                ["agent.yaml", "data", "login", "mail", "password", "one-time-password", "srv", "state"]
            ),
        ]
        return try known.flatMap { folder, names in
            try files.entries(of: folder).filter { !names.contains($0) && !$0.hasPrefix("moved-") }
        }
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
