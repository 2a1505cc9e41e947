// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Copies kept files from the live folder into the staged one: a first pass while the service is up, and another that
/// copies only what changed since, deletions included. The live folder is only ever read.
///
/// The customer's file wins; the release's own with other content lies beside it as `<name>.new`. Files of rules that say
/// `immutable` are hard-linked where that can be.
public struct CarryOver: Sendable {
    /// What a pass found and did.
    public struct Pass: Sendable {
        /// How many of each kind are named at most.
        public static let named = 1000

        /// For the pass after this one, into the same staged folder.
        public var index: KeptIndex
        /// Kept files and symlinks.
        public var keptCount = 0
        /// The first of them, ascending by bytes; relative to the application folder.
        public var kept: [FilePath] = []
        /// Files of the release that lie beside the customer's.
        public var beside: [FilePath] = []
        /// Bytes of files that were copied, not linked.
        public var copiedBytes: Int64 = 0
        public var notCarried: [NotCarried] = []
    }

    private let rules: KeepRules
    private let release: ReleaseFolder

    /// `release` is all that the new version has.
    public init(rules: KeepRules, release: [ReleaseEntry]) {
        self.rules = rules
        self.release = ReleaseFolder(release)
    }

    private var start: KeptStep { KeptStep(position: rules.start, release: release) }

    /// `earlier` is what the last pass into this staged folder returned; ``KeptIndex/none`` for the first one, and after one
    /// that did not return: what it left there is then taken back first.
    ///
    /// With `durable`, all that this pass changed is on disk when it returns; else nothing need be.
    ///
    /// Throws `notSameFileSystem` when something is mounted among the kept files, `tooDeep`, `linkHidesRelease` and
    /// `linkLeadsNowhere` of symlinks on the way to kept files, before anything is changed.
    public func pass(
        from live: any Folder, into staged: any Folder, since earlier: KeptIndex = .none, durable: Bool,
        check: @escaping CancellationCheck = { () throws(ReplacementError) in }
    ) throws(ReplacementError) -> Pass {
        try check()
        let device = try ReplacementError.files { () throws(FileError) in try live.attributes().device }
        let look = KeptLook(device: device)
        let top = StagedFolder(staged, release: release)
        let began = try begin(top)
        guard let looked = try look.look(live, start, since: earlier.top) else {
            throw ReplacementError(.missing, path: live.path)
        }
        if earlier.top == nil { try StagedRestoration(check: check).restore(top, rules.start) }
        var copy = KeptCopy(look: look, top: staged, began: began, durable: durable, check: check)
        let kept = try copy.carry(looked, since: earlier.top, start, from: live, into: top)
        return copy.tally.pass(index: KeptIndex(top: kept))
    }

    /// Looks at the symlinks on the way to kept files and throws what ``pass(from:into:since:durable:check:)`` would.
    public func checkLinks(in live: any Folder) throws(ReplacementError) {
        try checkLinks(in: live, start)
    }

    private func checkLinks(in folder: any Folder, _ step: KeptStep) throws(ReplacementError) {
        // Below what is kept, links are the customer's like all else.
        guard step.position.leadsOn, step.position.everythingBelow == nil else { return }
        guard step.depth <= maximumFolderDepth else { throw ReplacementError(.tooDeep, path: step.path) }
        let listing = try ReplacementError.files { () throws(FileError) in try folder.list() }
        for index in listing.indices {
            let name = listing.component(index)
            let inner = step.entering(name)
            switch listing.attributes[index].kind {
            case .symlink:
                _ = try LinkOnTheWay.isOne(name, in: folder, at: inner.path, inner.position, release: step.release)
            case .directory:
                let attributes = listing.attributes[index]
                let opened: any Folder
                do throws(FileError) {
                    opened = try folder.folder(name)
                } catch {
                    // Gone, or something else by now: the service is up.
                    _ = try KeptLook.now(name, in: folder, after: error, attributes.kind, 1)
                    continue
                }
                try checkLinks(in: opened, inner)
            case .file, .other: continue
            }
        }
    }

    /// Makes the staged folder writable; answers what its file system's clock says, which is not always this machine's.
    private func begin(_ staged: StagedFolder) throws(ReplacementError) -> Int64 {
        try ReplacementError.files { () throws(FileError) in
            let permissions = try staged.folder.attributes().permissions
            if permissions & 0o700 != 0o700 { staged.touch() }
            try staged.folder.setPermissions(permissions | 0o700)
            return try staged.folder.attributes().changed
        }
    }
}
