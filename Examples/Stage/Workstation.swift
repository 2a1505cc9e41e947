// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Foundation
import Platform
public import SystemPackage

/// What a client did, from the file of its `--events`.
public struct WorkstationEvent: Codable, Sendable, Hashable {
    /// `loggedIn`, `warning`, `ready`, `closed`, `reconnected`, `clientOffered`, `restarting`, …
    public var event: String
    public var at: Date
    /// The client's own version.
    public var version: String
    public var serverVersion: String?
    public var secondsLeft: Int?
}

/// One person's workstation with OM Client in a folder of its own.
public struct Workstation: Sendable {
    public let stage: Stage
    public let person: String
    public let language: Language
    /// The client's folder.
    public let client: FilePath
    public let events: FilePath
    private let passwordFile: FilePath

    public init(stage: Stage, person: String, password: String, language: Language) throws {
        self.stage = stage
        self.person = person
        self.language = language
        let place = stage.folder.appending("workstations").appending(person)
        try stage.fileSystem.makeDirectories(place)
        client = place.appending("OM Client")
        events = place.appending("events.jsonl")
        passwordFile = place.appending("password")
        try stage.fileSystem.replace(passwordFile, with: Array((password + "\n").utf8), permissions: 0o600)
    }

    /// Installs the client from the vendor's repository.
    public func install(product: String, repository: String, root: FilePath, version: String) async throws {
        try await stage.succeed([
            stage.executables.ricambio.string, "install", "--repository", repository, "--root", root.string,
            "--product", product, "--component", "client", "--version", version, "--folder", client.string,
        ])
    }

    /// Starts the client, which types `script` and behaves as `options` say.
    public func start(server: String, script: [String] = [], options: [String] = []) async throws -> StagedProcess {
        let file = client.removingLastComponent().appending("script")
        try stage.fileSystem.replace(
            file, with: Array((script.joined(separator: "\n") + "\n").utf8), permissions: 0o644)
        return try await stage.start(
            "client-\(person)",
            [
                client.appending("om-client").string, "--server", server, "--user", person, "--password-file",
                passwordFile.string, "--workstation", "desk-\(person)", "--language", language.rawValue, "--events",
                events.string, "--script", file.string,
            ] + options, in: client)
    }

    /// Everything that has happened here so far.
    public var log: [WorkstationEvent] {
        guard let bytes = try? stage.fileSystem.read(events, limit: 1 << 22) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            try? APIJSON.decode(WorkstationEvent.self, from: Data($0))
        }
    }

    public func has(_ event: String, version: String? = nil) -> Bool {
        log.contains { $0.event == event && (version == nil || $0.version == version) }
    }
}
