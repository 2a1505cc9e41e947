// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// What a staged folder's files were when their content had been verified: 16 bytes for each, so that before an update
/// only those are hashed again that may have changed.
///
/// A file's change time tells of every change, since only the system sets it; its clock advances in ticks, though, and
/// two changes within one tick look like one. So a file counts as unchanged only if its last change lies before the
/// folder was opened to others, which happens last (``FolderBuild``): whatever anybody does later has a later time.
/// Whoever changes metadata of the staged files themselves after that makes them be hashed again, no more.
public struct StagedRecord: Sendable {
    private var inodes: [UInt64] = []
    private var changed: [Int64] = []
    /// The change time of the folder itself when it was opened to others.
    private var opened = Int64.min

    /// Knows of nothing: everything is hashed. For a folder that was staged before the agent started.
    public init() {}

    /// Of a folder that holds the release and nothing else: `tampered` when it does not.
    init(of staged: any Folder, entries: [ReleaseEntry], check: @escaping CancellationCheck) throws(ReplacementError) {
        inodes = Array(repeating: 0, count: entries.count)
        changed = Array(repeating: 0, count: entries.count)
        let walk = StagedWalk(entries: entries, rules: KeepRules([]), beside: [], check: check)
        try walk.walk(staged) { (file) throws(ReplacementError) in
            inodes[file.entry] = file.attributes.inode
            changed[file.entry] = file.attributes.changed
        }
    }

    mutating func open(at time: Int64) { opened = time }

    private func isUnchanged(_ file: StagedWalk.File) -> Bool {
        inodes.indices.contains(file.entry) && inodes[file.entry] == file.attributes.inode
            && changed[file.entry] == file.attributes.changed && changed[file.entry] < opened
    }

    /// Throws `tampered` when the staged folder is not the release any more, but for what is kept: a file with other
    /// content, something missing, something that is neither the release's, nor kept, nor in `beside` (what carrying over
    /// put beside the customer's files). What is at a kept path is the customer's, and not looked at.
    ///
    /// Meant for the moment before the service is stopped: reading is for what changed only. Blocks until done.
    public func verify(
        _ staged: any Folder, entries: [ReleaseEntry], rules: KeepRules, beside: Set<FilePath> = [],
        check: @escaping CancellationCheck
    ) throws(ReplacementError) {
        let walk = StagedWalk(entries: entries, rules: rules, beside: beside, check: check)
        try walk.walk(staged) { (file) throws(ReplacementError) in
            if isUnchanged(file) { return }
            guard try file.hash(check: check) == file.sha256 else {
                throw ReplacementError(.tampered, path: file.path, reason: "its content is another")
            }
        }
    }
}
