// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import Stage
import SystemPackage
import UnixSignals

/// One update of Office Maker Business on real parts, told as it happens.
@main
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Publishes OM Business 1.0 and 2.0, installs the first and updates it with three people connected.",
        discussion: "The exit code is 0 only if everything that was promised is true.")

    @Option(help: "Where the executables are; default: beside this one.")
    var bin: String?

    @Option(help: "The folder it plays in; emptied first. report.json is written there.")
    var folder = ".demo"

    @Option(help: "Seconds between the warning and the closing of sessions.")
    var grace = 10

    @Flag(help: "Leave everything up to play with, until Ctrl-C.")
    var stay = false

    func run() async throws {
        let stage: Stage
        do {
            stage = try Stage(
                folder: FilePath(folder), executables: Executables(folder: bin.map { Demo.absolute($0) }))
        } catch {
            Demo.complain("\(error)")
            throw ExitCode.failure
        }
        let isFine = await playUntilSignal(on: stage)
        await stage.cleanUp()
        if !isFine { throw ExitCode.failure }
    }

    /// Whichever comes first: the end of the story or a signal. Both lead to the clean-up.
    private func playUntilSignal(on stage: Stage) async -> Bool {
        await withTaskGroup(of: Bool?.self) { group in
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    Demo.print("\n\(signal): cleaning up")
                    return stay ? true : false
                }
                return nil
            }
            group.addTask {
                do {
                    return try await play(on: stage)
                } catch is CancellationError {
                    return nil
                } catch {
                    Demo.complain("\(error)")
                    reportFailure(error, on: stage)
                    return false
                }
            }
            defer { group.cancelAll() }
            while let result = await group.next() {
                if let result { return result }
            }
            return false
        }
    }

    /// A story that broke off leaves its report too.
    private func reportFailure(_ error: any Error, on stage: Stage) {
        guard let json = try? APIJSON.encode(["outcome": "failed", "error": "\(error)"], pretty: true) else { return }
        try? stage.fileSystem.replace(
            stage.folder.appending("report.json"), with: Array(json) + [10], permissions: 0o644)
    }

    private func play(on stage: Stage) async throws -> Bool {
        let started = ContinuousClock.now
        let story = try UpdateStory(stage: stage, graceSeconds: grace) { line in
            let seconds = Int((ContinuousClock.now - started) / .seconds(1))
            // What happens inside a chapter is indented already.
            Demo.print(line.hasPrefix(" ") ? line : "[\(seconds) s] \(line)")
        }
        let report = try await story.play()
        let file = stage.folder.appending("report.json")
        let json = try APIJSON.encode(report, pretty: true)
        try stage.fileSystem.replace(file, with: Array(json) + [10], permissions: 0o644)
        Demo.print("What was promised")
        for check in report.checks { Demo.print("  \(check.isTrue ? "✓" : "✗") \(check.what)") }
        Demo.print("\(report.downtimeLine)")
        Demo.print("report: \(file)")
        Demo.print(report.allIsTrue ? "All of it is true." : "Not all of it is true.")
        if stay, report.allIsTrue {
            Demo.print(lines: story.invitation(report))
            while true { try await Task.sleep(for: .seconds(3600)) }
        }
        return report.allIsTrue
    }

    private static func absolute(_ path: String) -> FilePath {
        FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(path)).lexicallyNormalized()
    }

    /// Unbuffered: each line is seen when it happens, also in a pipe.
    private static func print(_ line: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }

    private static func print(lines: [String]) {
        for line in lines { print(line) }
    }

    private static func complain(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data(("demo: " + line + "\n").utf8))
    }
}
