// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
internal import Packaging

extension UpdateRunner {
    /// What an update would fetch at this moment, and why it would be refused if it would; changes nothing. `nil` means the
    /// channel's current release.
    public func plan(version: String?) async throws(UpdateFailure) -> UpdatePlan {
        do {
            guard let installed = try InstalledRelease.load(layout, fileSystem) else {
                throw UpdateFailure(.notInstalled, ["path": layout.live.string])
            }
            let resolved = try await releases.resolve(version: version)
            let data = resolved.release.migratesData ? try DataSnapshots.places(of: settings.data, fileSystem) : []
            let preflight = Preflight(settings, data: data, fileSystem: fileSystem, now: clock.now)
            let (layout, fileSystem) = (layout, fileSystem)
            let (content, failures) = try await blocking { flag in
                let content = try Content.plan(
                    resolved.tree, installed: installed.version, layout: layout, fileSystem: fileSystem, flag: flag)
                return (content, preflight.check(resolved, content, installed: installed, flag: flag))
            }
            return UpdatePlan(
                from: installed.version, to: resolved.release.version, content: content.summary,
                installedBytes: resolved.tree.installedBytes,
                obstacles: failures.map { failure in
                    var failure = failure
                    failure.arguments["from"] = failure.arguments["from"] ?? installed.version
                    return failure.sentences(in: settings.language, state: .untouched)
                })
        } catch {
            throw UpdateFailure(error)
        }
    }
}
