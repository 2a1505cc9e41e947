// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import HTTPFetcher
import Installation
import NIOCore
import NIOPosix
import Platform
import ServiceControl
import SystemPackage
import TUF

/// Asks an application whether it is well, the way its configuration says.
struct InstallationHealth: HealthChecker {
    let probe: InstallationConfiguration.HealthProbe
    /// The live folder: where a command runs.
    let folder: FilePath
    let service: any ServiceControl
    let client: HTTPClient
    let commands: any CommandRunner
    /// What the configuration gives the application: a check finds its data by it.
    var environment: [String: String] = [:]

    static let bodyLimit = 64 << 10

    func check(expecting expected: String?, timeoutSeconds: Double) async -> Health {
        switch probe {
        case .http(let url): await http(url, seconds: timeoutSeconds)
        case .tcp(let host, let port): await tcp(host, port, seconds: timeoutSeconds)
        case .command(let command): await run(command, expecting: expected, seconds: timeoutSeconds)
        case .none:
            await service.state().isRunning ? .healthy(version: nil) : .unhealthy(reason: "its service is not running")
        }
    }

    private struct Answer: Decodable {
        var version: String?
    }

    private func http(_ url: String, seconds: Double) async -> Health {
        do {
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "accept", value: "application/json")
            let response = try await client.execute(request, timeout: Self.amount(seconds))
            let body = try await response.body.collect(upTo: Self.bodyLimit)
            guard response.status == .ok else {
                return .unhealthy(reason: "\(url) answered \(response.status.code)")
            }
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
            return .healthy(version: answer?.version)
        } catch {
            return .unhealthy(reason: "\(url) did not answer: \(FetchError(wrapping: error, url: url).reason)")
        }
    }

    private func tcp(_ host: String, _ port: Int, seconds: Double) async -> Health {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(Self.amount(seconds)).connect(host: host, port: port).get()
            try await channel.close()
            return .healthy(version: nil)
        } catch {
            return .unhealthy(reason: "\(host):\(port) takes no connection")
        }
    }

    private func run(_ command: [String], expecting expected: String?, seconds: Double) async -> Health {
        do {
            let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "LANG"].contains($0.key) }
            let environment = inherited.merging(environment) { _, own in own }
            let result = try await commands.run(
                Command(
                    command, environment: environment, workingDirectory: folder, timeout: max(1, seconds),
                    outputLimit: Self.bodyLimit))
            guard result.succeeded else {
                let last = result.errorText.split(whereSeparator: \.isNewline).last.map { ": \($0.prefix(200))" } ?? ""
                return .unhealthy(reason: "\(command[0]) says no: \(result.end)\(last)")
            }
            return .healthy(version: Self.version(in: result.outputText, expecting: expected))
        } catch {
            return .unhealthy(reason: "\(error)")
        }
    }

    /// The expected version where it stands as a word of its own: `1.0` is not in `11.0.2`. Else the first line, for
    /// the message.
    static func version(in output: String, expecting expected: String?) -> String? {
        let isPart = { (character: Character) in character.isLetter || character.isNumber || ".+-".contains(character) }
        let words = output.split { !isPart($0) }.map { $0.hasPrefix("v") ? $0.dropFirst() : $0 }
        if let expected, words.contains(where: { $0 == expected || ($0.hasSuffix(".") && $0.dropLast() == expected) }) {
            return expected
        }
        return output.split(whereSeparator: \.isNewline).first.map { String($0.prefix(80)) }
    }

    private static func amount(_ seconds: Double) -> TimeAmount { .milliseconds(Int64(max(0.05, seconds) * 1000)) }
}
