// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TestSupport

@testable import Agent

/// A mail as the test's server took it, read by Python's own mail parser.
struct TakenMail: Decodable, Sendable {
    var sender: String
    var recipients: [String]
    var tls: Bool
    var headers: [String: String]
    var names: [String]
    var defects: [String]
    var body: String
    var ascii: Bool
    var longest: Int
}

struct MailServerError: Error, CustomStringConvertible {
    var description: String
}

/// A real mail server (aiosmtpd) on an unused port, with a certificate made as the agent makes its own.
final class MailServer: Sendable {
    static let user = "posta"
    /// With what `curl` and SMTP would have to quote.
    static let password = #"pass "word\ €: ;#1"#

    let port: Int
    let folder: TemporaryFolder
    private let input: FileHandle
    let certificate: FilePath

    init() async throws {
        let python = try Self.python()
        let folder = try TemporaryFolder()
        let certificate = folder.path.appending("tls/certificate.pem")
        try FileManager.default.createDirectory(atPath: (folder / "tls").string, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: (folder / "mails").string, withIntermediateDirectories: true)
        _ = try ServerCertificate.load(
            own: nil, folder: folder / "tls", host: "127.0.0.1", machine: "localhost", fileSystem: POSIXFileSystem(),
            clock: SystemWallClock())
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [
            Self.root.appending(path: "Tests/AgentTests/Fixtures/smtp_server.py").path, certificate.string,
            folder.path.appending("tls/key.pem").string, (folder / "mails").string, Self.user, Self.password,
        ]
        process.environment = ["PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let reader = output.fileHandleForReading
        let line = await BlockingWork.run { String(decoding: reader.availableData, as: UTF8.self) }
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw MailServerError(
                description: "The mail server of the tests did not start: run “make bootstrap”, which puts aiosmtpd "
                    + "into .venv. (\(python))")
        }
        self.port = port
        self.folder = folder
        self.input = input.fileHandleForWriting
        self.certificate = certificate
    }

    /// The server ends when its input does.
    deinit { try? input.close() }

    /// In the order in which they came.
    func mails() throws -> [TakenMail] {
        let names = try FileManager.default.contentsOfDirectory(atPath: (folder / "mails").string)
            .filter { $0.hasSuffix(".json") }.sorted()
        return try names.map { name in
            let path = folder.path.appending("mails").appending(name).string
            return try JSONDecoder().decode(TakenMail.self, from: Data(contentsOf: URL(filePath: path)))
        }
    }

    /// Where the package is.
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func python() throws -> String {
        let path =
            ProcessInfo.processInfo.environment["RICAMBIO_TEST_PYTHON"]
            ?? root.appending(path: ".venv/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw MailServerError(
                description: "There is no \(path): run “make bootstrap”, or “make test”, which does it by itself.")
        }
        return path
    }
}
