// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Platform
internal import Replacement
internal import SystemPackage

/// Data that a release migrates: saved while the service is down, given back when the old version comes back.
extension UpdateRunner {
    /// Each snapshot is in the journal before it is made: clean-up after a crash removes it.
    func saveData(_ context: RunContext) async throws {
        let id = context.journal.run.id
        let snapshots = dataSnapshots(id)
        let places =
            try context.journal.data?.map(\.path) ?? DataSnapshots.places(of: settings.dataPaths, fileSystem)
        context.journal.snapshots =
            snapshots.plan(places).map { .files($0) }
            + settings.dataCommands.map { .commands(DataCommandRunner.plan($0, state: layout.state, run: id)) }
        try journals.save(context.journal)
        for index in context.journal.snapshots.indices {
            switch context.journal.snapshots[index] {
            case .files(let planned):
                let taken = try await blocking { flag in
                    let taken = try snapshots.take(planned, check: flag.asked).snapshot
                    try snapshots.verify(taken, check: flag.asked)
                    return taken
                }
                context.journal.snapshots[index] = .files(taken)
            case .commands(let planned):
                let declared = try declared(planned)
                let saved = try await run(.save, declared, context) { runner throws(ReplacementError) in
                    let saved = try await runner.save(planned, with: declared)
                    return (saved.output, saved.snapshot)
                }
                try await run(.verify, declared, context) { runner throws(ReplacementError) in
                    (try await runner.verify(saved, with: declared), ())
                }
                context.journal.snapshots[index] = .commands(saved)
            }
        }
    }

    /// Each that is done is written down before the old version starts: what that one makes is never taken for the
    /// failed version's.
    func restoreData(_ context: RunContext) async throws {
        let snapshots = dataSnapshots(context.journal.run.id)
        for index in context.journal.snapshots.indices where !context.journal.snapshots[index].isRestored {
            switch context.journal.snapshots[index] {
            case .files(var snapshot):
                try await blocking { [snapshot] _ in try snapshots.restore(snapshot) }
                snapshot.isRestored = true
                context.journal.snapshots[index] = .files(snapshot)
            case .commands(var snapshot):
                let declared = try declared(snapshot)
                try await run(.restore, declared, context) { [snapshot] runner throws(ReplacementError) in
                    (try await runner.restore(snapshot, with: declared), ())
                }
                snapshot.isRestored = true
                context.journal.snapshots[index] = .commands(snapshot)
            }
            try await saveMakingRoom(context)
        }
        // One that could not be written down the last time is now: without it nothing is started.
        try await saveMakingRoom(context)
    }

    /// The disk may be full: what was fetched and built for the version that has failed is needed no more.
    private func saveMakingRoom(_ context: RunContext) async throws {
        do throws(UpdateFailure) { return try journals.save(context.journal) } catch {
            logger.warning("cannot write the journal, room is made", metadata: ["error": "\(error.reason)"])
        }
        let (cleanUp, staging) = (cleanUp, staging)
        _ = await BlockingWork.run { cleanUp.removeDownloads() }
        if (try? journals.save(context.journal)) != nil { return }
        if try folderSwap(context).look() == .old { _ = await BlockingWork.run { try? staging.clear() } }
        try journals.save(context.journal)
    }

    /// Where that is which was saved, and could not be given back.
    func unrestored(_ context: RunContext) -> [String] {
        context.journal.snapshots.filter { $0.isComplete && !$0.isRestored }.flatMap { snapshot in
            switch snapshot {
            case .files(let files):
                files.pieces.filter { $0.content != nil }.map {
                    files.folder.path.appending($0.copy).readable
                }
            case .commands(let saved): [saved.folder.path.readable]
            }
        }
    }

    /// Answers what could not be removed.
    func removeData(_ context: RunContext) async -> [UpdateFailure] {
        var failures: [FileError] = []
        for snapshot in context.journal.snapshots {
            switch snapshot {
            case .files(let files):
                let snapshots = dataSnapshots(context.journal.run.id)
                failures += await BlockingWork.run { snapshots.remove(files) }
            case .commands(let saved): failures += await dataCommandRunner.remove(saved)
            }
        }
        return failures.map(UpdateFailure.init(leftBehind:))
    }

    func dataSnapshots(_ run: String) -> DataSnapshots {
        DataSnapshots(installation: settings.id, run: run, fileSystem: fileSystem)
    }

    var dataCommandRunner: DataCommandRunner {
        DataCommandRunner(
            commands, environment: ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            workingDirectory: layout.live, fileSystem: fileSystem)
    }

    /// What is configured now counts: a command that was wrong can be mended between two tries.
    private func declared(_ snapshot: CommandSnapshot) throws -> DataCommands {
        guard let declared = settings.dataCommands.first(where: { $0.name == snapshot.name }) else {
            throw UpdateFailure(
                .dataCommandFailed, ["command": snapshot.name, "reason": "it is not in the configuration any more"])
        }
        return declared
    }

    /// Runs one of the commands, and notes in the run how it went.
    @discardableResult
    private func run<Value: Sendable>(
        _ action: CommandOutput.Action, _ declared: DataCommands, _ context: RunContext,
        _ body: (DataCommandRunner) async throws(ReplacementError) -> (output: String, Value)
    ) async throws(ReplacementError) -> Value {
        let began = clock.monotonicSeconds
        func note(_ status: Int?, _ output: String) {
            context.journal.run.dataCommands.append(
                CommandOutput(
                    name: declared.name, action: action, status: status, output: output,
                    seconds: clock.monotonicSeconds - began))
        }
        do {
            let (output, value) = try await body(dataCommandRunner)
            if action != .verify || declared.verify != nil { note(0, output) }
            return value
        } catch {
            note(nil, error.reason)
            throw error
        }
    }
}

extension InstallationSettings {
    /// Data that is copied as files.
    var dataPaths: [FilePath] {
        data.compactMap { if case .path(let path) = $0 { path } else { nil } }
    }

    /// Data that commands save and give back.
    var dataCommands: [DataCommands] {
        data.compactMap { if case .commands(let commands) = $0 { commands } else { nil } }
    }
}
