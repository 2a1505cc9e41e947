// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage

/// Hands a mail to a mail server through the `curl` command, which knows TLS, authentication and the corners of SMTP.
///
/// Everything that `curl` is told, the password included, goes through its standard input: neither its command line
/// nor its environment, which other accounts of the machine could read, says anything.
struct SMTPTransport: MailTransport {
    let settings: SMTPSettings
    /// Holds the mail that is on its way; for the agent's user only.
    let spool: FilePath
    let runner: any CommandRunner
    let fileSystem: any FileSystem
    /// Where `curl` is looked for.
    let searchPath: String

    init(
        settings: SMTPSettings, spool: FilePath, runner: any CommandRunner, fileSystem: any FileSystem,
        searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    ) {
        self.settings = settings
        self.spool = spool
        self.runner = runner
        self.fileSystem = fileSystem
        self.searchPath = searchPath
    }

    private var server: String { "\(settings.host):\(settings.port)" }

    func send(_ message: MailMessage) async throws(MailFailure) {
        // One name for every mail: they leave one after the other, and a crash leaves at most one file behind.
        let file = spool.appending("outgoing.eml")
        try await write(message.encoded(), to: file)
        let outcome: Result<Void, MailFailure>
        do throws(MailFailure) {
            try await transmit(message, file)
            outcome = .success(())
        } catch { outcome = .failure(error) }
        let fileSystem = fileSystem
        // Replaced by the next mail at the latest, so a failure here changes nothing.
        try? await BlockingWork.run { () throws(FileError) in try fileSystem.remove(file) }
        try outcome.get()
    }

    private func write(_ bytes: [UInt8], to file: FilePath) async throws(MailFailure) {
        let (spool, fileSystem) = (spool, fileSystem)
        do throws(FileError) {
            try await BlockingWork.run { () throws(FileError) in
                try fileSystem.makeDirectories(spool, permissions: 0o700)
                try fileSystem.replace(file, with: bytes, permissions: 0o600)
            }
        } catch {
            throw MailFailure(.mailFolderNotWritable, .transient, ["path": spool.string, "reason": error.description])
        }
    }

    private func transmit(_ message: MailMessage, _ file: FilePath) async throws(MailFailure) {
        let configuration = try configuration(message, file, password: try await password())
        // `--disable` first: no `.curlrc` has a say.
        let command = Command(
            ["curl", "--disable", "--config", "-"], environment: ["PATH": searchPath, "LC_ALL": "C"],
            input: Array(configuration.utf8), timeout: Double(Self.transferSeconds + 15), outputLimit: 65536)
        let result: CommandResult
        do throws(CommandError) {
            result = try await runner.run(command)
        } catch {
            switch error.code {
            case .cancelled:
                throw MailFailure(.mailServerUnreachable, .stopped, ["server": server])
            case .timedOut, .launch, .system:
                throw MailFailure(
                    .mailServerUnreachable, .transient, ["server": server, "reason": error.description])
            }
        }
        if let failure = SMTPAnswer(result).failure(server: server, recipient: message.to) { throw failure }
    }

    private static let transferSeconds = 150

    /// What `curl` reads. Values are quoted by ``quoted(_:)``, so that none can add an option.
    private func configuration(
        _ message: MailMessage, _ file: FilePath, password: String?
    ) throws(MailFailure) -> String {
        let scheme = settings.security == .tls ? "smtps" : "smtp"
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        var options = [
            ("url", "\(scheme)://\(host):\(settings.port)"),
            ("mail-from", message.from.description),
            ("mail-rcpt", message.to.description),
            ("upload-file", file.string),
            // The server's side of the dialogue: its own words for the administrator.
            ("dump-header", "-"),
            ("connect-timeout", "30"),
            ("max-time", String(Self.transferSeconds)),
        ]
        if let user = settings.user, let password { options.append(("user", "\(user):\(password)")) }
        if let authority = settings.certificateAuthority { options.append(("cacert", authority.string)) }
        let flags = settings.security == .none ? ["silent", "show-error"] : ["silent", "show-error", "ssl-reqd"]
        return (flags + options.map { "\($0.0) = \(Self.quoted($0.1))" }).joined(separator: "\n") + "\n"
    }

    /// `curl`'s own quoting (its manual, "--config").
    static func quoted(_ value: String) -> String {
        var result = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0B}": result += "\\v"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Read for each mail, so that a password that was changed counts without a restart.
    private func password() async throws(MailFailure) -> String? {
        guard let file = settings.passwordFile else { return nil }
        let fileSystem = fileSystem
        do throws(FileError) {
            let bytes = try await BlockingWork.run { () throws(FileError) in try fileSystem.read(file, limit: 4096) }
            // Editors end a file with a line break that is not part of the password.
            return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
        } catch {
            throw MailFailure(.secretUnreadable, .transient, ["path": file.string, "reason": error.description])
        }
    }
}

/// What `curl` said, in our words. Its exit codes are stable and documented in its manual.
struct SMTPAnswer: Sendable {
    let end: ProcessEnd
    /// The server's last refusal, e.g. `550 5.1.1 no such user`.
    let refusal: String?
    let complaint: String

    init(_ result: CommandResult) {
        end = result.end
        refusal = result.outputText.split(whereSeparator: \.isNewline).last { line in
            line.prefix(3).count == 3 && line.prefix(3).allSatisfy { "0123456789".contains($0) }
                && (line.hasPrefix("4") || line.hasPrefix("5"))
        }.map { String($0.prefix(300)) }
        complaint = result.errorText.split(whereSeparator: \.isNewline).first.map { String($0.prefix(300)) } ?? ""
    }

    func failure(server: String, recipient: MailAddress) -> MailFailure? {
        var arguments = ["server": server]
        arguments["reason"] = refusal ?? (complaint.isEmpty ? end.description : complaint)
        switch end {
        case .exited(0): return nil
        // Access denied, login denied.
        case .exited(9), .exited(67): return MailFailure(.mailLoginFailed, .transient, arguments)
        // TLS could not be set up, its certificate or authority file is not good, or the server offers none.
        case .exited(35), .exited(51), .exited(58), .exited(60), .exited(64), .exited(77), .exited(83), .exited(90):
            return MailFailure(.mailCertificateInvalid, .transient, arguments)
        default: break
        }
        guard let refusal else { return MailFailure(.mailServerUnreachable, .transient, arguments) }
        arguments["address"] = recipient.description
        // 4xx means "later" (RFC 5321, section 4.2.1), 5xx "never".
        return MailFailure(.mailRefused, refusal.hasPrefix("5") ? .permanent : .transient, arguments)
    }
}
