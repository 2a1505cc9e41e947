// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
internal import Foundation
internal import Platform
internal import Replacement

/// After the service is where it should be.
extension UpdateRunner {
    /// Seconds between two tries at writing down what is installed; doubled each time, up to the second.
    private static let pauses = (first: 1.0, longest: 60.0)

    /// Folders of earlier versions, the newest first, where they are and until when.
    public func keptVersions() -> [OldFolder] { CleanUp(settings: settings, fileSystem: fileSystem).kept() }

    /// The same, and folders with foreign files of versions that had to go early.
    public func keptFolders() -> [OldFolder] {
        let cleanUp = CleanUp(settings: settings, fileSystem: fileSystem)
        return cleanUp.kept() + cleanUp.keptForeign()
    }

    func cleanUp(_ context: RunContext, _ ending: Ending) async throws {
        switch ending {
        case .updated: try await writeTruth(context)
        case .stranded: return
        case .rolledBack, .cancelled, .failed: break
        }
        let cleanUp = CleanUp(settings: settings, fileSystem: fileSystem)
        let (journal, now) = (context.journal, clock.now)
        var failures = await removeData(context)
        failures += await BlockingWork.run { cleanUp.afterwards(journal, ending, now: now) }
        note(failures, as: .leftovers)
        let language = context.journal.run.order.language ?? settings.language
        context.journal.run.remarks = failures.prefix(20).map { $0.sentences(in: language) }
        // The one of this run; folders of earlier versions may be kept too.
        if ending == .updated, let old = journal.folders?.old.id {
            context.journal.run.oldKept = cleanUp.kept().first { $0.id == old }
        }
    }

    /// A good end is true on disk before it is called one: until then the run stays here, with the service up, and
    /// tries again. What needs no note is removed meanwhile, since the disk may be full; never what going back needs, as long
    /// as a crash might still find a journal that goes back.
    private func writeTruth(_ context: RunContext) async throws {
        let cleanUp = CleanUp(settings: settings, fileSystem: fileSystem)
        var pause = Self.pauses.first
        while true {
            let (journal, now) = (context.journal, clock.now)
            do {
                try await blocking { _ in try cleanUp.record(journal, now: now) }
                return note([], as: .truth)
            } catch {
                try Task.checkCancellation()
                let failure = UpdateFailure(error)
                var arguments = ["path": layout.installed.readable, "reason": failure.reason]
                arguments["version"] = journal.run.to
                note([UpdateFailure(.truthNotWritten, arguments)], as: .truth)
                _ = await BlockingWork.run { cleanUp.removeDownloads() }
                if (try? journals.save(context.journal)) != nil { _ = await removeData(context) }
            }
            try await clock.sleep(seconds: pause)
            pause = min(pause * 2, Self.pauses.longest)
        }
    }
}
