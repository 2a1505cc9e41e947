// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import ricambio

@Suite("Saved logins")
struct CredentialTests {
    private let fileSystem = POSIXFileSystem()

    private func credential(_ agent: String, token: String = "secret") -> Credential {
        Credential(
            agent: agent, user: "admin", token: token, fingerprint: "ab",
            expiresAt: Date(timeIntervalSince1970: 1_800_000_000))
    }

    @Test("A login is read back as it was saved, and only its owner can read it")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = CredentialStore(folder: folder / "new", fileSystem: fileSystem)
        #expect(try store.load() == Credentials())
        var credentials = Credentials()
        credentials.remember(credential("https://a:1"))
        try store.save(credentials)
        #expect(try store.load() == credentials)
        #expect(try fileSystem.attributes(of: (folder / "new").appending("credentials.json"))?.permissions == 0o600)
        #expect(try fileSystem.attributes(of: folder / "new")?.permissions == 0o700)
    }

    @Test("The last login is the one meant; logging in again replaces the old token")
    func order() {
        var credentials = Credentials()
        credentials.remember(credential("https://a:1", token: "old"))
        credentials.remember(credential("https://b:1"))
        #expect(credentials.agents.first?.agent == "https://b:1")
        credentials.remember(credential("https://a:1", token: "new"))
        #expect(credentials.agents.map(\.agent) == ["https://a:1", "https://b:1"])
        #expect(credentials["https://a:1/"]?.token == "new")
    }

    @Test("A damaged file is an error that says what to do, never an empty list that hides it")
    func damaged() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try fileSystem.replace(folder / "credentials.json", with: Array("{".utf8), permissions: 0o600)
        let store = CredentialStore(folder: folder.path, fileSystem: fileSystem)
        #expect {
            _ = try store.load()
        } throws: { error in
            (error as? CommandLineError)?.sentences.last?.contains("log in again") == true
        }
    }

    @Test("The folder: RICAMBIO_HOME, else the configuration folder, else below the home")
    func folders() throws {
        #expect(
            try CredentialStore.folder(environment: ["RICAMBIO_HOME": "/r", "XDG_CONFIG_HOME": "/x", "HOME": "/h"])
                == "/r")
        #expect(try CredentialStore.folder(environment: ["XDG_CONFIG_HOME": "/x", "HOME": "/h"]) == "/x/ricambio")
        #expect(try CredentialStore.folder(environment: ["HOME": "/h"]) == "/h/.config/ricambio")
        #expect(throws: CommandLineError.self) { try CredentialStore.folder(environment: [:]) }
    }
}
