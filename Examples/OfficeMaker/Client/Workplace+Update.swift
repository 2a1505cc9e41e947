// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import RicambioClient

/// The client's own update: from the server's agent, verified with the vendor's root in the client's folder.
extension Workplace {
    /// Before anything else: what a crash in the middle of an update has left is finished or undone.
    func startUp() async throws {
        do throws(ClientError) {
            _ = try await update.recover()
            guard try await update.revertIfUnconfirmed() else { return }
            try relaunch()
        } catch {
            throw ClientFailure(error.reason)
        }
    }

    /// This version has started and found its server.
    func confirmStart() async {
        do throws(ClientError) {
            try await update.confirmStarted()
        } catch {
            screen.complain(error.reason)
        }
    }

    /// Asks which client belongs to this server.
    func checkOffer() async {
        guard let session, let found = try? await session.clientOffer(), found.version != program.version,
            found.version != offer?.version
        else { return }
        offer = found
        record(.clientOffered)
        if settings.takesUpdates {
            await updateClient()
        } else {
            screen.say(ClientText.offered, ["version": found.version])
        }
    }

    /// Returns only when it did not work; then work goes on.
    func updateClient() async {
        guard let session, let offer else { return screen.say(ClientText.noUpdate) }
        do throws(ClientError) {
            let found = try await update.check(
                offer: offer, installed: program.version, mirror: try await session.mirror())
            guard let found else { return screen.say(ClientText.noUpdate) }
            guard !(found.wasReverted && settings.takesUpdates) else {
                return screen.say(ClientText.wasReverted, ["version": found.version])
            }
            record(.updating)
            screen.say(.clientUpdating, ["version": found.version])
            try await update.install(found)
            screen.say(.clientUpdated, ["version": found.version])
            record(.restarting)
            await leave()
            try relaunch()
        } catch {
            record(.updateFailed)
            refused(error.reason)
        }
    }

    /// Becomes the program that is in the folder now, with what this one was started with.
    private func relaunch() throws(ClientError) {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if !arguments.contains("--resumed") { arguments.append("--resumed") }
        // What is ignored stays ignored in the new program, until it listens itself.
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
        try update.relaunch(
            program.program, arguments: arguments, environment: ProcessInfo.processInfo.environment)
    }
}
