// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage

/// One agent that somebody has logged in to from this account.
struct Credential: Codable, Equatable {
    /// The agent's address without a slash at the end.
    var agent: String
    var user: String
    /// Secret: the bearer token.
    var token: String
    /// SHA-256 of the agent's certificate; `nil` when the system's authorities vouch for it.
    var fingerprint: String?
    var expiresAt: Date
}

/// What `credentials.json` holds; the agent logged in to last comes first and is the one meant when none is named.
struct Credentials: Codable, Equatable {
    var agents: [Credential] = []

    subscript(agent: String) -> Credential? {
        agents.first { $0.agent == Credentials.normal(agent) }
    }

    mutating func remember(_ credential: Credential) {
        agents.removeAll { $0.agent == credential.agent }
        agents.insert(credential, at: 0)
    }

    static func normal(_ url: String) -> String {
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }
}

/// Keeps ``Credentials`` where only the person can read them.
struct CredentialStore {
    var folder: FilePath
    var fileSystem: any FileSystem

    private static let limit = 1 << 20
    private var file: FilePath { folder.appending("credentials.json") }

    /// `$RICAMBIO_HOME`, or `ricambio` in the person's configuration folder.
    static func folder(environment: [String: String]) throws(CommandLineError) -> FilePath {
        if let own = environment["RICAMBIO_HOME"], !own.isEmpty { return FilePath(own) }
        if let configuration = environment["XDG_CONFIG_HOME"], !configuration.isEmpty {
            return FilePath(configuration).appending("ricambio")
        }
        if let home = environment["HOME"], !home.isEmpty {
            return FilePath(home).appending(".config").appending("ricambio")
        }
        throw CommandLineError(
            .failed, "There is no place for the login: neither RICAMBIO_HOME nor HOME is set.",
            "Set RICAMBIO_HOME to a folder of yours.")
    }

    func load() throws(CommandLineError) -> Credentials {
        do {
            guard try fileSystem.attributes(of: file) != nil else { return Credentials() }
            return try APIJSON.decode(Credentials.self, from: Data(fileSystem.read(file, limit: Self.limit)))
        } catch {
            let reason = (error as? FileError)?.code.reason ?? "they are damaged"
            throw CommandLineError(
                .failed, "The saved logins cannot be read from \(file): \(reason).",
                "Remove that file and log in again with: ricambio login URL")
        }
    }

    func save(_ credentials: Credentials) throws(CommandLineError) {
        do {
            if try !fileSystem.exists(folder) {
                try fileSystem.makeDirectories(folder)
                try fileSystem.setPermissions(0o700, of: folder)
            }
            try fileSystem.replace(
                file, with: Array(try APIJSON.encode(credentials, pretty: true)), permissions: 0o600)
        } catch {
            let reason = (error as? FileError)?.code.reason ?? "it cannot be written as JSON"
            throw CommandLineError(
                .failed, "The login cannot be saved to \(file): \(reason).",
                "Make the folder writable, or set RICAMBIO_HOME to another one.")
        }
    }
}
