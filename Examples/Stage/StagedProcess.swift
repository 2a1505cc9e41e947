// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Platform
public import SystemPackage

/// A long-running process of the stage: known by its identity, its output in a file.
public final class StagedProcess: Sendable {
    public let name: String
    public let output: FilePath
    private let handle: any ProcessHandle

    init(name: String, output: FilePath, handle: any ProcessHandle) {
        self.name = name
        self.output = output
        self.handle = handle
    }

    public var isRunning: Bool { handle.isRunning }
    public var identity: ProcessIdentity { handle.identity }

    /// Everything written so far, both outputs.
    public var text: String {
        (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: output.string)), as: UTF8.self)) ?? ""
    }

    /// The complete lines written so far.
    public var lines: [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines.removeLast()
        return lines
    }

    /// What follows `prefix` in the first line that has it; a process that ends before is an error with its output.
    public func line(after prefix: String, within seconds: Double = 60) async throws -> String {
        let found: Result<String, StageError> = try await eventualValue("\(name) writes “\(prefix)…”", within: seconds)
        {
            // Asked first: what it wrote before its end counts.
            let isRunning = isRunning
            if let line = lines.first(where: { $0.hasPrefix(prefix) }) {
                return .success(String(line.dropFirst(prefix.count)))
            }
            return isRunning ? nil : .failure(StageError("\(name) ended. It wrote:\n\(text)"))
        }
        return try found.get()
    }

    public func wait(within seconds: Double = 60) async throws -> ProcessEnd {
        try await eventually("\(name) ends", within: seconds) { !isRunning }
        return try await handle.wait()
    }

    /// Asks it to end and waits; by force when it does not.
    @discardableResult
    public func stop(within seconds: Double = 30) async throws -> ProcessEnd {
        terminate()
        do {
            return try await wait(within: seconds)
        } catch is StageError {
            handle.kill()
            return try await wait(within: 10)
        }
    }

    /// SIGTERM to the process, without waiting.
    public func terminate() {
        signal(SIGTERM)
    }

    /// To it alone, as a service manager's first signal or the kernel's: its handle would end all that it has started, and
    /// what an agent has started is to live on.
    private func signal(_ number: Int32) {
        if handle.isRunning { Foundation.kill(handle.identity.pid, number) }
    }

    /// SIGKILL to it alone: it gets no chance to clean up.
    @discardableResult
    public func kill() async throws -> ProcessEnd {
        signal(SIGKILL)
        return try await wait(within: 10)
    }
}
