// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// What a live folder holds besides the vendor's release, and what stands against replacing it: looked at before anyone is
/// disturbed.
public struct Survey: Sendable, Hashable {
    /// The most that each list names, obstacles apart.
    public static let named = 1000
    public static let namedObstacles = 100

    /// What is neither the vendor's nor kept, and vendor's files that the customer has changed: after an update it lies in
    /// the old folder only.
    public struct Foreign: Sendable, Hashable {
        /// Files, links and empty folders, and folders that this account cannot look into; relative to the application
        /// folder, folder by folder and by the bytes of their names; at most ``Survey/named``.
        public var paths: [FilePath] = []
        /// All of them.
        public var count = 0
        /// Bytes that they take up on the disk.
        public var bytes: Int64 = 0

        public init() {}
    }

    /// Kept files and links.
    public var keptCount = 0
    /// What a copy of all that is kept takes; files of immutable rules, which are linked, not counted.
    public var keptSpace = Space()
    /// `nil` when nobody knows what the vendor installed.
    public var foreign: Foreign?
    /// In the same order; at most ``named``.
    public var notCarried: [NotCarried] = []
    /// All that stands against it, at most ``namedObstacles``: something mounted inside, what is kept and cannot be read,
    /// links on the way to it that lead nowhere or hide the release, folders too deep.
    public var obstacles: [ReplacementError] = []

    public init() {}
}

extension Survey {
    /// One walk of the live folder by descriptor; each kept file is opened, none is read. Throws `cancelled` only: what
    /// else is wrong is among the obstacles. What comes or goes meanwhile is seen or not. Blocks until done.
    ///
    /// - Parameters:
    ///   - installed: what the vendor installed; `nil` when unknown.
    ///   - release: what is to be installed.
    ///   - changed: vendor's files with other content than the vendor's, known from their hashes.
    public init(
        of live: any Folder, installed: [ReleaseEntry]?, release: [ReleaseEntry], changed: Set<FilePath>,
        rules: KeepRules, account: Account = .current, check: @escaping CancellationCheck
    ) throws(ReplacementError) {
        var walk = SurveyWalk(changed: changed, account: account, check: check)
        if installed != nil { walk.survey.foreign = Foreign() }
        try walk.begin(
            live, installed: ReleaseFolder(installed ?? release), release: ReleaseFolder(release), rules)
        self = walk.survey
    }
}
