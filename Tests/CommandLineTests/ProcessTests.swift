// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@testable import ricambio

/// Runs the real executable, which the build puts beside the tests.
@Suite("The executable and its exit codes")
struct ProcessTests {
    private let folder: TemporaryFolder
    private let program: String

    init() throws {
        folder = try TemporaryFolder()
        #if os(Linux)
            let own = FilePath(try POSIXFileSystem().destination(ofLink: "/proc/self/exe"))
        #else
            let own = FilePath(Bundle.main.bundlePath)
        #endif
        program = own.removingLastComponent().appending("ricambio").string
    }

    private func launch(_ arguments: [String]) throws -> any ProcessHandle {
        try POSIXProcesses().launch(
            Launch(
                arguments, environment: ["RICAMBIO_HOME": folder.path.string, "PATH": "/usr/bin:/bin"],
                workingDirectory: folder.path, outputFile: folder / "output"))
    }

    private func run(_ arguments: [String]) async throws -> (end: ProcessEnd, text: String) {
        let end = try await launch([program] + arguments).wait()
        return (end, String(decoding: try POSIXFileSystem().read(folder / "output", limit: 1 << 20), as: UTF8.self))
    }

    private func install(root: String, repository: String = "http://127.0.0.1:1/") async throws -> (
        end: ProcessEnd, text: String
    ) {
        try await run([
            "install", "--repository", repository, "--root", root, "--product", "om", "--folder", "OM", "--id", "om",
            "--language", "en",
        ])
    }

    @Test(
        "A root that is missing, or is none, is named, and the vendor is not blamed for it", arguments: [true, false])
    func root(isThere: Bool) async throws {
        defer { folder.remove() }
        if isThere {
            try POSIXFileSystem().replace(folder / "root.json", with: Array("{}".utf8), permissions: 0o644)
        }
        let (end, text) = try await install(root: "root.json")
        #expect(end == .exited(2))
        #expect(text.contains("The trusted root root.json cannot be used"))
        #expect(!FileManager.default.fileExists(atPath: (folder / "OM").string))
    }

    @Test("A name that leads out of the folder is refused by the executable too")
    func names() async throws {
        defer { folder.remove() }
        let (end, text) = try await run([
            "install", "--repository", "http://127.0.0.1:1/", "--root", "r", "--product", "om", "--folder", "OM",
            "--id", "../../x",
        ])
        #expect(end == .exited(2))
        #expect(text.contains("--id"))
    }

    @Test("The address of a login that is none")
    func address() async throws {
        defer { folder.remove() }
        let (end, text) = try await run(["login", "ftp://agent", "--password-file", "absent"])
        #expect(end == .exited(2))
        #expect(text.contains("ftp://agent is not an https address"))
    }

    @Test("Ctrl-C ends a command at once, with the shell's 130")
    func interrupt() async throws {
        defer { folder.remove() }
        let listener = try SilentListener()
        defer { listener.close() }
        var credentials = Credentials()
        credentials.remember(
            Credential(
                agent: "http://127.0.0.1:\(listener.port)", user: "admin", token: "secret", fingerprint: nil,
                expiresAt: Date(timeIntervalSinceNow: 3600)))
        try CredentialStore(folder: folder.path, fileSystem: POSIXFileSystem()).save(credentials)
        // The shell says the code, as it would to a script.
        let shell = try launch(["/bin/sh", "-c", "\"$0\" watch; exit $?", program])
        defer { shell.kill() }
        try #require(try await listener.accepts(within: 60), "the command asks the agent")
        var command: ProcessIdentity?
        // The list is read process by process while others come and go.
        for _ in 0..<200 where command == nil {
            command = shell.members().map(\.identity).first { $0 != shell.identity }
            if command == nil { try await Task.sleep(for: .milliseconds(50)) }
        }
        let interrupted = try #require(command)
        #expect(kill(interrupted.pid, SIGINT) == 0)
        #expect(try await shell.wait() == .exited(130))
    }
}

/// Takes connections and says nothing.
private struct SilentListener {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
            throw FileError(errno: errno, operation: "listen on", path: "127.0.0.1")
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    func accepts(within seconds: Double) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if accept(descriptor, nil, nil) >= 0 { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    func close() {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #else
            _ = Darwin.close(descriptor)
        #endif
    }
}
