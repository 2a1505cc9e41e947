// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Stage
import SystemPackage

/// Making things go wrong, and making them right again.
extension SoakScene {
    /// Whether it took effect. Failing calls do later, when their turn comes: see ``hits()``.
    func strike(_ fault: Fault) async throws -> Bool {
        switch fault {
        case .kill(let agent, let application):
            if agent { try await killAgent() }
            let isDead = application ? killApplication() : false
            if agent { try await launchAgent() }
            return agent || isDead
        case .failingCalls(let error, let skip, let count, let fromStopping):
            let from = fromStopping ? " \(saying.appending("stopping"))" : ""
            _ = failCalls("fail \(error.rawValue) \(skip) \(count)\(from)")
            return false
        case .fullDisk(let leaving, let seconds):
            guard let disk else { return false }
            try disk.fill(leaving: leaving, stage.fileSystem)
            try await Task.sleep(for: .seconds(seconds))
            try disk.free(stage.fileSystem)
            return true
        case .oldMovedAway: return try moveOldAway()
        case .strangerAtOld: return try putStranger()
        case .restoredFromCopy:
            try await restoreFromCopy()
            return true
        }
    }

    /// Nothing fails any more, and an agent runs.
    func calm() async throws {
        _ = failCalls("off")
        try disk?.free(stage.fileSystem)
        if !isAgentRunning { try await launchAgent() }
    }

    /// What was put or moved by hand goes, so that the next round finds the place as it was.
    func tidyUp() throws {
        let (files, above) = (stage.fileSystem, live.removingLastComponent())
        for name in try files.entries(of: above) where name.hasPrefix("moved-") {
            try files.removeTree(above.appending(name))
        }
        guard try files.exists(stage.folder.appending("stranger")) else { return }
        if text(old.appending("stranger")) == Self.stranger { try files.removeTree(old) }
        try files.remove(stage.folder.appending("stranger"))
    }

    private func moveOldAway() throws -> Bool {
        let files = stage.fileSystem
        // A stranger's stays where it was put, so that it is known where it must be.
        guard try files.exists(old), try !files.exists(old.appending("stranger")) else { return false }
        do {
            try files.rename(old, to: live.removingLastComponent().appending("moved-\(UUID().uuidString)"))
            return true
        } catch {
            // It was gone a moment later.
            return false
        }
    }

    private func putStranger() throws -> Bool {
        let files = stage.fileSystem
        let folder = live.removingLastComponent().appending("moved-stranger")
        try files.makeDirectories(folder)
        try files.replace(folder.appending("stranger"), with: Array(Self.stranger.utf8), permissions: 0o644)
        do {
            if try files.exists(old), try !moveOldAway() { return false }
            try files.rename(folder, to: old)
        } catch {
            try files.removeTree(folder)
            return false
        }
        try files.replace(stage.folder.appending("stranger"), with: [], permissions: 0o644)
        return true
    }

    private func restoreFromCopy() async throws {
        let (files, aside) = (stage.fileSystem, live.removingLastComponent().appending("moved-live"))
        try await killAgent()
        _ = killApplication()
        try await eventually("the application has ended", within: 10) { @Sendable in upVersion() == nil }
        try files.rename(live, to: aside)
        try await stage.succeed(["cp", "-a", aside.string, live.string])
        try files.removeTree(aside)
        try await startAgent(within: 60)
    }
}
