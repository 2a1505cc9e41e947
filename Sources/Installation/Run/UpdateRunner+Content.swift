// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
internal import Packaging
internal import Platform
internal import Replacement
internal import SystemPackage

/// Where a new version's content comes from, and the folder that is built of it.
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
        guard let installed = try InstalledRelease.load(layout, fileSystem) else {
            throw UpdateFailure(.notInstalled, ["path": layout.live.readable])
        }
        let live = LiveFolder(settings: settings, fileSystem: fileSystem)
        guard let old = try live.require(installed, now: clock.now).folder else { throw UpdateFailure(.folderUnknown) }
        let (staging, source) = (staging, content.source(layout))
        try await withProgress(context) { meter in
            let result = try await blocking { flag in
                try staging.build(
                    tree, from: source, installed: old, inventory: content.inventory, flag: flag
                ) { done, total in meter.report(done, total) }
            }
            context.journal.folders = result.folders
            context.staged = result.version
            name(result.pass, in: context)
        }
    }

    // MARK: Without a run

    /// What an update would fetch at this moment, what it would keep and what it would leave behind, and why it would be
    /// refused if it would; changes nothing. `nil` means the channel's current release.
    public func plan(version: String?) async throws(UpdateFailure) -> UpdatePlan {
        do {
            guard let recorded = try InstalledRelease.load(layout, fileSystem) else {
                throw UpdateFailure(.notInstalled, ["path": layout.live.readable])
            }
            let installed = try LiveFolder(settings: settings, fileSystem: fileSystem).require(
                recorded, now: clock.now)
            let resolved = try await releases.resolve(version: version)
            let (layout, fileSystem) = (layout, fileSystem)
            let content = try await blocking { flag in
                try Content.plan(
                    resolved.tree, installed: installed.version, layout: layout, fileSystem: fileSystem, flag: flag)
            }
            let look = try await look(resolved, content, installed)
            var plan = UpdatePlan(
                from: installed.version, to: resolved.release.version, content: content.summary,
                installedBytes: resolved.tree.installedBytes,
                obstacles: look.failures.map { failure in
                    var failure = failure
                    failure.arguments["from"] = failure.arguments["from"] ?? installed.version
                    return failure.sentences(in: settings.language, state: failure.stateWhileUp)
                })
            plan.retention = settings.retentionSeconds
            plan.oldFolder = settings.retentionSeconds > 0 ? layout.old.readable : nil
            if let survey = look.survey { plan.name(survey, look.dataNotCarried) }
            return plan
        } catch {
            throw UpdateFailure(error)
        }
    }
}

extension UpdatePlan {
    fileprivate mutating func name(_ survey: Survey, _ data: [NotCarried]) {
        foreign = survey.foreign?.paths.map(\.readable) ?? []
        foreignCount = survey.foreign?.count ?? 0
        notCarried = (survey.notCarried + data).prefix(CustomerFiles.maximumListed).map(NotCarriedFile.init)
        keptCount = survey.keptCount
        keptBytes = survey.keptSpace.bytes
    }
}

extension NotCarriedFile {
    init(_ file: NotCarried) {
        switch file.what {
        case .special: self.init(path: file.path.readable, what: .special)
        case .immutableMark: self.init(path: file.path.readable, what: .immutableMark)
        case .part(.owner): self.init(path: file.path.readable, what: .owner)
        case .part(.group): self.init(path: file.path.readable, what: .group)
        case .part(.accessList): self.init(path: file.path.readable, what: .accessList)
        case .part(.attribute(let name)):
            self.init(path: file.path.readable, what: .attribute, name: name)
        }
    }
}
