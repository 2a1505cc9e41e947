// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
internal import Packaging

/// Where a new version's content comes from.
extension UpdateRunner {
    // MARK: In a run

    /// Worked out anew after a crash: what is here may have changed.
    func plan(_ resolved: ResolvedRelease, _ context: RunContext) async throws -> Content {
        if let content = context.content { return content }
        let (layout, fileSystem, version) = (layout, fileSystem, context.journal.run.from)
        let content = try await blocking { flag in
            try Content.plan(
                resolved.tree, installed: version, layout: layout, fileSystem: fileSystem, flag: flag)
        }
        use(content, context)
        return content
    }

    private func use(_ content: Content, _ context: RunContext) {
        context.content = content
        let summary = content.summary
        context.journal.run.content = summary
        logger.info("content: \(summary.sentence)")
    }

    func download(_ context: RunContext) async throws {
        let resolved = try await resolved(context)
        let content = try await plan(resolved, context)
        try fileSystem.makeDirectories(layout.downloads)
        do {
            try await fetch(content.plan, resolved, context)
        } catch {
            guard let rest = content.fallback(after: error, for: resolved.tree) else { throw error }
            logger.warning("another way to fetch", metadata: ["reason": "\(error)"])
            use(rest, context)
            try await fetch(rest.plan, resolved, context)
        }
    }

    private func fetch(_ plan: ContentPlan, _ resolved: ResolvedRelease, _ context: RunContext) async throws {
        try await withProgress(context) { meter in
            try await releases.fetch(plan, of: resolved, into: layout.downloads) { done, total in
                meter.report(done, total)
            }
        }
    }

    func stage(_ context: RunContext) async throws {
        let tree = try await resolved(context).tree
        // A crash may have come before the download was complete; what is complete is not fetched again.
        if context.content == nil { try await download(context) }
        guard let content = context.content else { return }
        do {
            try await build(tree, from: content, context)
        } catch {
            guard let rest = content.fallback(after: error, for: tree) else { throw error }
            logger.warning("the new folder cannot be made this way", metadata: ["reason": "\(error)"])
            use(rest, context)
            try await download(context)
            try await build(tree, from: rest, context)
        }
    }

    private func build(_ tree: Tree, from content: Content, _ context: RunContext) async throws {
        let (staging, source) = (staging, content.source(layout))
        try await withProgress(context) { meter in
            let result = try await blocking { flag in
                try staging.build(tree, from: source, flag: flag) { done, total in meter.report(done, total) }
            }
            context.journal.oldFolder = result.oldFolder
            context.journal.newFolder = result.newFolder
            context.staged = (tree, result.kept.index)
            name(result.kept, in: context)
        }
    }

    // MARK: Without a run

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
