// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Saves and gives back data by its declared commands. What they print is answered, for the run's record: the last
/// ``outputLimit`` bytes.
public struct DataCommandRunner: Sendable {
    /// Bytes of a command's output that are kept.
    public static let outputLimit = 4096

    private let runner: any CommandRunner
    private let environment: [String: String]
    private let workingDirectory: FilePath?
    private let fileSystem: any FileSystem

    /// `environment` is all that the commands get, besides ``DataCommands/snapshotVariable``.
    public init(
        _ runner: any CommandRunner, environment: [String: String], workingDirectory: FilePath? = nil,
        fileSystem: any FileSystem
    ) {
        self.runner = runner
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.fileSystem = fileSystem
    }

    /// What there will be, for the journal: a folder named by run and name, in the installation's own `state` folder.
    public static func plan(_ commands: DataCommands, state: FilePath, run: String) -> CommandSnapshot {
        let name = "data-\(SnapshotName.short(run))-\(SnapshotName.short(commands.name))"
        return CommandSnapshot(name: commands.name, folder: StoredPath(state.appending(name)))
    }

    /// Makes the snapshot's folder, only for this account, and has the data saved into it, durably; a half-made one of
    /// before a crash is made anew.
    public func save(
        _ snapshot: CommandSnapshot, with commands: DataCommands
    ) async throws(ReplacementError) -> (snapshot: CommandSnapshot, output: String) {
        let (fileSystem, folder) = (fileSystem, snapshot.folder.path)
        if let failure = await remove(snapshot).first { throw ReplacementError(failure) }
        try await Self.blocking { () throws(FileError) in
            try fileSystem.makeDirectory(folder, permissions: 0o700)
        }
        let output = try await run(commands.save, commands, folder)
        try await Self.blocking { () throws(FileError) in try fileSystem.syncFileSystem(containing: folder) }
        var saved = snapshot
        saved.isComplete = true
        return (saved, output)
    }

    /// Asks whether the snapshot can be given back; `command` when it cannot. Empty where nothing is declared for it.
    public func verify(
        _ snapshot: CommandSnapshot, with commands: DataCommands
    ) async throws(ReplacementError) -> String {
        guard let verify = commands.verify else { return "" }
        return try await run(verify, commands, snapshot.folder.path)
    }

    /// Gives the data back. May be run again after a crash, until the journal says `isRestored`; see
    /// ``DataSnapshots/restore(_:)``.
    public func restore(
        _ snapshot: CommandSnapshot, with commands: DataCommands
    ) async throws(ReplacementError) -> String {
        guard snapshot.isComplete, !snapshot.isRestored else { return "" }
        let (fileSystem, folder) = (fileSystem, snapshot.folder.path)
        let found = try await Self.blocking { () throws(FileError) in try fileSystem.attributes(of: folder) }
        guard found?.kind == .directory else {
            throw ReplacementError(.missing, path: folder, reason: "what was saved of \(commands.name) is gone")
        }
        return try await run(commands.restore, commands, folder)
    }

    /// How many bytes saving will write; `nil` where nothing is declared for it.
    public func size(_ commands: DataCommands) async throws(ReplacementError) -> Int64? {
        guard let size = commands.size else { return nil }
        let result = try await result(of: size, commands, environment: environment)
        let text = result.outputText.prefix { !$0.isNewline }.filter { !$0.isWhitespace }
        guard let bytes = Int64(text), bytes >= 0 else {
            throw failure(size, "it printed no number of bytes, but: \(Self.tail(of: result))")
        }
        return bytes
    }

    /// Removes what was saved; answers what could not be removed, and why. May be repeated.
    public func remove(_ snapshot: CommandSnapshot) async -> [FileError] {
        let (fileSystem, folder) = (fileSystem, snapshot.folder.path)
        return await BlockingWork.run {
            do throws(FileError) {
                guard let name = folder.lastComponent, try fileSystem.exists(folder) else { return [] }
                return try fileSystem.folder(following: folder.removingLastComponent()).removeTree(name)
            } catch {
                return [error]
            }
        }
    }

    // MARK: - Running

    private func run(
        _ arguments: [String], _ commands: DataCommands, _ folder: FilePath
    ) async throws(ReplacementError) -> String {
        var environment = environment
        // Another folder than this one would be worse than none.
        guard let path = String(validating: folder) else {
            throw failure(arguments, "the path of its folder is no UTF-8: \(folder.readable)")
        }
        environment[DataCommands.snapshotVariable] = path
        return Self.tail(of: try await result(of: arguments, commands, environment: environment))
    }

    private func result(
        of arguments: [String], _ commands: DataCommands, environment: [String: String]
    ) async throws(ReplacementError) -> CommandResult {
        let command = Command(
            arguments, environment: environment, workingDirectory: workingDirectory,
            timeout: commands.timeoutSeconds)
        let result: CommandResult
        do {
            result = try await runner.run(command)
        } catch {
            if error.code == .cancelled { throw ReplacementError(.cancelled, path: Self.program(of: arguments)) }
            throw failure(arguments, error.description)
        }
        guard result.succeeded else {
            throw failure(arguments, "\(result.end): \(Self.tail(of: result))")
        }
        return result
    }

    private func failure(_ arguments: [String], _ reason: String) -> ReplacementError {
        ReplacementError(.command, path: Self.program(of: arguments), reason: reason)
    }

    private static func program(of arguments: [String]) -> FilePath { FilePath(arguments.first ?? "") }

    /// The end says why: what it complained of, else what it said.
    private static func tail(of result: CommandResult) -> String {
        let bytes = result.error.isEmpty ? result.output : result.error
        var tail = bytes.suffix(outputLimit)
        // Not from within a character.
        if tail.count < bytes.count { tail = tail.drop { $0 & 0xc0 == 0x80 } }
        let text = String(decoding: tail, as: UTF8.self)
        return String(text.reversed().drop { $0.isWhitespace }.reversed())
    }

    private static func blocking<Value: Sendable>(
        _ work: @escaping @Sendable () throws(FileError) -> Value
    ) async throws(ReplacementError) -> Value {
        do {
            return try await BlockingWork.run(work)
        } catch {
            throw ReplacementError(error)
        }
    }
}
