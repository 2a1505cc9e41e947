// SPDX-License-Identifier: Apache-2.0
internal import Foundation
public import Platform
public import ServiceControl
public import SystemPackage

/// What one question about the application's health was answered.
public enum Health: Sendable, Hashable {
    /// `version` is what the application said of itself, `nil` when it does not say.
    case healthy(version: String?)
    /// Why not, in the words of the system or of the other side.
    case unhealthy(reason: String)
}

/// Asks the application once. The runner repeats it until its time is up.
public protocol HealthChecker: Sendable {
    /// `expected` is the version that should answer; only a checker that looks for it in free text needs it.
    func check(expecting expected: String?, timeoutSeconds: Double) async -> Health
}

/// The checks that a configuration can name. How bytes travel comes from outside.
public struct ApplicationHealthChecker: HealthChecker {
    /// One GET; throws when nothing answered in time.
    public typealias HTTPGet =
        @Sendable (_ url: String, _ timeoutSeconds: Double) async throws -> (
            status: Int, body: [UInt8]
        )
    /// One connection, closed at once; throws when it was not accepted in time.
    public typealias TCPConnect = @Sendable (_ host: String, _ port: Int, _ timeoutSeconds: Double) async throws -> Void

    private let settings: HealthCheckSettings
    private let folder: FilePath
    private let environment: [String: String]
    private let service: any ServiceControl
    private let commands: any CommandRunner
    private let clock: any WallClock
    private let httpGet: HTTPGet
    private let tcpConnect: TCPConnect

    /// `folder` is the live one, where commands run; `environment` is all that they inherit.
    public init(
        settings: HealthCheckSettings, folder: FilePath, environment: [String: String], service: any ServiceControl,
        commands: any CommandRunner, clock: any WallClock, httpGet: @escaping HTTPGet,
        tcpConnect: @escaping TCPConnect
    ) {
        self.settings = settings
        self.folder = folder
        self.environment = environment
        self.service = service
        self.commands = commands
        self.clock = clock
        self.httpGet = httpGet
        self.tcpConnect = tcpConnect
    }

    public func check(expecting expected: String?, timeoutSeconds: Double) async -> Health {
        do {
            switch settings.probe {
            case .http(let url): return try await http(url, timeoutSeconds)
            case .tcp(let host, let port):
                try await tcpConnect(host, port, timeoutSeconds)
                return .healthy(version: nil)
            case .command(let arguments): return try await command(arguments, expected, timeoutSeconds)
            case .running: return try await running()
            }
        } catch {
            return .unhealthy(reason: "\(error)")
        }
    }

    private func http(_ url: String, _ timeout: Double) async throws -> Health {
        struct Answer: Decodable { var version: String? }
        let (status, body) = try await httpGet(url, timeout)
        guard status == 200 else { return .unhealthy(reason: "\(url): HTTP \(status)") }
        // An answer that is no JSON is healthy all the same; it only cannot say a version.
        return .healthy(version: (try? JSONDecoder().decode(Answer.self, from: Data(body)))?.version)
    }

    private func command(_ arguments: [String], _ expected: String?, _ timeout: Double) async throws -> Health {
        let result = try await commands.run(
            Command(
                arguments, environment: environment, workingDirectory: folder, timeout: timeout, outputLimit: 64 << 10))
        let output = result.outputText + result.errorText
        guard result.succeeded else {
            return .unhealthy(reason: "\(arguments.first ?? ""): \(result.end). \(output.suffix(500))")
        }
        guard let expected else { return .healthy(version: nil) }
        return .healthy(version: Self.version(expected, in: output))
    }

    /// The expected version when the output names it as a word: `1.2` is neither `11.2` nor `1.2.3`. Otherwise the first
    /// word that looks like a version.
    static func version(_ expected: String, in output: String) -> String? {
        let isPart = { (character: Character) in character.isLetter || character.isNumber || "._-+".contains(character)
        }
        let words = output.split { !isPart($0) }.map { word in
            // At the end of a sentence; after `v`.
            let trimmed = word.reversed().drop { $0 == "." || $0 == "-" }.reversed()
            return String(trimmed.first == "v" ? Array(trimmed.dropFirst()) : Array(trimmed))
        }
        if words.contains(expected) { return expected }
        return words.first { $0.first?.isNumber == true && $0.contains(".") }
    }

    private func running() async throws -> Health {
        guard case .running(let pid) = await service.state() else { return .unhealthy(reason: "not running") }
        try await clock.sleep(seconds: settings.settleSeconds)
        return await service.state() == .running(pid: pid)
            ? .healthy(version: nil) : .unhealthy(reason: "it ended again")
    }
}
