// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Packaging
internal import Platform
internal import Replacement
internal import ServiceControl
internal import SystemPackage

/// Before anyone is disturbed.
extension UpdateRunner {
    /// What an update to a release would meet at this moment.
    struct Look: Sendable {
        var failures: [UpdateFailure]
        var survey: Survey?
        /// Where the data really is.
        var data: [FilePath]
        /// What snapshots of the data will not have; absolute.
        var dataNotCarried: [NotCarried]
        var before: HealthBefore
        /// Bytes of earlier versions that have to go first.
        var bytesToFree: Int64
        /// Seconds that the service may be down.
        var downSeconds: Double
    }

    func prepare(_ context: RunContext) async throws {
        guard var installed = try InstalledRelease.load(layout, fileSystem) else {
            throw UpdateFailure(.notInstalled, ["path": layout.live.readable])
        }
        installed = try LiveFolder(settings: settings, fileSystem: fileSystem).require(installed, now: clock.now)
        context.journal.run.from = installed.version
        let order = context.journal.run.order
        let resolved = try await releases.resolve(version: order.version)
        context.use(resolved)
        // A channel whose current release is older was recalled to it; going back in versions is never automatic.
        if order.version == nil, let here = Version(installed.version), let there = Version(resolved.release.version),
            there <= here
        {
            throw UpdateFailure(.alreadyInstalled, ["version": installed.version])
        }
        let content = try await plan(resolved, context)
        let look = try await look(resolved, content, installed)
        context.journal.before = look.before
        context.journal.downSeconds = look.downSeconds
        context.journal.data = look.data.map { StoredPath($0) }
        if let survey = look.survey { name(survey, look.dataNotCarried, in: context) }
        // The update may be the repair.
        let failures = look.failures.filter { !(order.repair && $0.code == .serviceUnhealthy) }
        for failure in failures { logger.error("preflight", metadata: ["failure": "\(failure.reason)"]) }
        if let first = failures.first { throw first }
        // What was learnt of the folder holds from here on, also when it is a copy of what was recorded.
        try installed.save(layout, fileSystem)
        let cleanUp = CleanUp(settings: settings, fileSystem: fileSystem)
        let (bytes, run) = (look.bytesToFree, installed)
        if bytes > 0 { try await blocking { flag in try cleanUp.free(bytes, of: run, flag: flag) } }
    }

    /// After a crash it is asked for again: what was trusted then may have been recalled since.
    func resolved(_ context: RunContext) async throws -> ResolvedRelease {
        if let resolved = context.resolved { return resolved }
        let resolved = try await releases.resolve(version: context.journal.run.to)
        if resolved.isRecalled {
            throw UpdateFailure(.releaseRecalled, ["version": resolved.release.version])
        }
        context.use(resolved)
        return resolved
    }

    /// Changes nothing.
    func look(
        _ resolved: ResolvedRelease, _ content: Content, _ installed: InstalledRelease
    ) async throws -> Look {
        let migrates = resolved.release.migratesData
        let data = migrates ? try DataSnapshots.places(of: settings.dataPaths, fileSystem) : []
        let commandBytes = migrates ? try await commandBytes() : 0
        async let before = healthNow(installed.version)
        let preflight = Preflight(
            settings: settings, data: data, commandBytes: commandBytes, fileSystem: fileSystem, now: clock.now)
        let cleanUp = CleanUp(settings: settings, fileSystem: fileSystem)
        let report = try await blocking { flag in
            let freeable = try cleanUp.freeable(installed)
            return preflight.check(resolved, content, installed: installed, freeable: freeable, flag: flag)
        }
        var failures = report.failures
        let answer = await before
        if case .unhealthy(let reason) = answer {
            failures.append(UpdateFailure(.serviceUnhealthy, ["version": installed.version, "reason": reason]))
        }
        return Look(
            failures: failures, survey: report.survey, data: data,
            dataNotCarried: report.dataSizes.flatMap(\.notCarried),
            before: HealthBefore(answer), bytesToFree: report.bytesToFree,
            downSeconds: downSeconds(report.dataSizes, migratesData: migrates))
    }

    /// What the configuration allows for each part, and some reserve: past it the old version is back.
    private func downSeconds(_ data: [DataSize], migratesData: Bool) -> Double {
        let commands = migratesData ? settings.dataCommands.reduce(0) { $0 + $1.expectedSeconds } : 0
        let copying = DataSize.expectedSeconds(
            bytes: data.reduce(0) { $0 + $1.bytes }, entries: data.reduce(0) { $0 + $1.entries })
        return 2 * settings.stopSeconds + copying + commands + settings.health.timeoutSeconds
            + settings.limits.downReserveSeconds
    }

    private func commandBytes() async throws -> Int64 {
        var bytes: Int64 = 0
        for declared in settings.dataCommands { bytes += try await dataCommandRunner.size(declared) ?? 0 }
        return bytes
    }

    func name(_ survey: Survey, _ data: [NotCarried], in context: RunContext) {
        context.journal.run.foreign = survey.foreign?.paths.map(\.readable) ?? []
        context.journal.run.foreignCount = survey.foreign?.count ?? 0
        context.journal.run.notCarried = (survey.notCarried + data).prefix(CustomerFiles.maximumListed).map(
            NotCarriedFile.init)
    }
}
