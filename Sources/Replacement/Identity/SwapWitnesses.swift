// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

extension SwapRecord {
    /// Both records with the witnesses that tell one from the other: files in which the releases differ, none of them kept,
    /// and of the old folder only those that are `intact`, which the customer has not changed.
    public init(
        old: FolderRecord, of before: [ReleaseEntry], intact: Set<FilePath>, new: FolderRecord,
        of entries: [ReleaseEntry], rules: KeepRules
    ) {
        var (old, new) = (old, new)
        let isVendors = { (path: FilePath) in rules.rule(for: path) == nil }
        old.witnesses = Witnesses.choose(for: before, against: entries) { intact.contains($0) && isVendors($0) }
        new.witnesses = Witnesses.choose(for: entries, against: before, isUsable: isVendors)
        self.init(old: old, new: new)
    }
}
