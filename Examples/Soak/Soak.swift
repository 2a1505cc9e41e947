// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Platform
import Stage
import SystemPackage
import UnixSignals

/// Real updates of a small application, one after the other, under random faults.
@main
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Repeats updates under random faults; ends with “U updates, F faults, L lost, S stuck”.",
        discussion: """
            After each round everything must come to rest, with a whole application of exactly one version, every line that it \
            had said was on the disk, the data that belongs to it, and nobody's files gone. The exit code is 0 only if nothing \
            was lost and nothing got stuck. What was lost is kept in the folder for a look.
            """)

    @Option(help: "For how long; the round that is going on then is finished.")
    var seconds = 60

    @Option(help: "Draws the same rounds again; only the moments differ.")
    var seed: UInt64?

    @Option(help: "Where the executables are; default: beside this one.")
    var bin: String?

    @Option(help: "The folder it plays in; emptied first.")
    var folder = ".soak"

    func run() async throws {
        let seed = self.seed ?? UInt64.random(in: 1...999_999)
        say("seed \(seed)")
        var tally: Tally
        do {
            tally = try await withSignals { try await rounds(seed: seed) }
        } catch {
            FileHandle.standardError.write(Data("soak: \(error)\n".utf8))
            throw ExitCode.failure
        }
        say("\(tally.updates) updates, \(tally.faults) faults, \(tally.lost) lost, \(tally.stuck) stuck")
        if tally.lost + tally.stuck > 0 { throw ExitCode.failure }
    }

    struct Tally: Sendable {
        /// Runs that ended as updated or rolled back.
        var updates = 0
        var faults = 0
        var lost = 0
        var stuck = 0
    }
}

func say(_ line: String) {
    // Unbuffered: each line is seen when it happens, also in a pipe.
    try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
}

extension Soak {
    /// A signal ends the rounds as the time does: what was started is ended, and the last line is said.
    private func withSignals(_ body: @escaping @Sendable () async throws -> Tally) async throws -> Tally {
        try await withThrowingTaskGroup(of: Tally?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return nil }
                return nil
            }
            defer { group.cancelAll() }
            var result = try await group.next() ?? nil
            if result == nil {
                group.cancelAll()
                result = try await group.next() ?? nil
            }
            return result ?? Tally()
        }
    }

    private func rounds(seed: UInt64) async throws -> Tally {
        var rounds = try await Rounds(
            seed: seed, executables: Executables(folder: bin.map { Soak.absolute($0) }), folder: Soak.absolute(folder))
        let start = ContinuousClock.now
        do {
            while ContinuousClock.now - start < .seconds(seconds), !Task.isCancelled { try await rounds.next() }
        } catch  where Task.isCancelled {
            // Ended from outside.
        } catch {
            await rounds.end()
            throw error
        }
        await rounds.end()
        return rounds.tally
    }

    private static func absolute(_ path: String) -> FilePath {
        FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(path)).lexicallyNormalized()
    }
}
