// SPDX-License-Identifier: Apache-2.0

/// Where the content of a new tree's files comes from: what is here is copied, and of the ways to fetch the rest the cheapest
/// is taken. A value without any input or output; the same trees and the same inventory always give the same plan, so that a
/// run which was interrupted finds what it has fetched.
public struct ContentPlan: Sendable, Hashable {
    public enum Way: String, Sendable, Hashable, Codable, CaseIterable {
        /// Everything is here.
        case nothing
        /// A delta, and ranges of the full pack for files that the delta takes for granted and the customer has changed.
        case delta
        /// Ranges of the full pack.
        case ranges
        /// The whole full pack.
        case pack
    }

    /// A file of the new tree whose content a file of the old folder has.
    public struct Copy: Sendable, Hashable {
        public var path: String
        /// In the old folder.
        public var from: String
        /// Bytes.
        public var size: Int64
    }

    /// What a way would have cost.
    public struct Candidate: Sendable, Hashable {
        public var way: Way
        /// To fetch.
        public var bytes: Int64
        public var requests: Int

        /// A request on top of a running update costs about as much time as this many bytes on a small company's line.
        static let requestBytes: Int64 = 64 << 10
        var cost: Int64 { bytes + Int64(requests) * Self.requestBytes }
    }

    public let way: Way
    public let copies: [Copy]
    /// With `delta`.
    public let delta: DeltaReference?
    /// With `ranges`, and perhaps with `delta`: of the full pack, in order.
    public let ranges: PackRanges
    /// What was weighed, the chosen one first.
    public let candidates: [Candidate]

    /// To fetch.
    public var bytes: Int64 { candidates[0].bytes }
    public var requests: Int { candidates[0].requests }
    /// Bytes of the new tree that are copied, or made from what is here.
    public var reusedBytes: Int64

    /// - Parameters:
    ///   - inventory: what is here; `nil` when nothing is.
    ///   - allowed: ways that may be taken; `pack` always may.
    public init(_ tree: Tree, from inventory: Inventory? = nil, allowing allowed: Set<Way> = Set(Way.allCases)) {
        let local = Self.local(inventory)
        var (copies, missing): ([Copy], [Int]) = ([], [])
        for (index, entry) in tree.entries.enumerated() {
            guard case .file(let size, let sha256, _) = entry.kind, size > 0 else { continue }
            if let from = local[sha256] {
                copies.append(Copy(path: entry.path, from: from, size: size))
            } else {
                missing.append(index)
            }
        }
        self.copies = copies
        let copied = copies.reduce(0) { $0 + $1.size }
        guard !missing.isEmpty else {
            (way, delta, ranges, reusedBytes) = (.nothing, nil, PackRanges([], of: tree.pack), copied)
            candidates = [Candidate(way: .nothing, bytes: 0, requests: 0)]
            return
        }
        var options: [(candidate: Candidate, delta: DeltaReference?, ranges: PackRanges)] = [
            (Candidate(way: .pack, bytes: tree.pack.length, requests: 1), nil, PackRanges([], of: tree.pack))
        ]
        if allowed.contains(.ranges) {
            let ranges = PackRanges(missing, of: tree)
            options.append((Candidate(way: .ranges, bytes: ranges.bytes, requests: ranges.count), nil, ranges))
        }
        if allowed.contains(.delta), let inventory, let (delta, rest) = Self.delta(tree, inventory, missing) {
            let ranges = PackRanges(rest, of: tree)
            let candidate = Candidate(
                way: .delta, bytes: delta.length + ranges.bytes, requests: 1 + ranges.count)
            options.append((candidate, delta, ranges))
        }
        // Of two that cost the same the plainer one.
        options.sort { $0.candidate.cost < $1.candidate.cost }
        (way, delta, ranges) = (options[0].candidate.way, options[0].delta, options[0].ranges)
        candidates = options.map(\.candidate)
        let made = missing.reduce(0) { $0 + tree.entries[$1].size }
        reusedBytes = copied + (way == .delta ? max(0, made - options[0].candidate.bytes) : 0)
    }

    /// Paths of intact files by their content.
    private static func local(_ inventory: Inventory?) -> [String: String] {
        guard let inventory else { return [:] }
        var local: [String: String] = [:]
        for (index, entry) in inventory.tree.entries.enumerated() where inventory.intact.contains(index) {
            guard case .file(_, let sha256, _) = entry.kind, local[sha256] == nil else { continue }
            local[sha256] = entry.path
        }
        return local
    }

    /// The delta from the tree that is here, if every old file that it reads is intact; and the missing files that it does
    /// not carry, because the old tree, though not the old folder, has their content.
    private static func delta(
        _ tree: Tree, _ inventory: Inventory, _ missing: [Int]
    ) -> (DeltaReference, rest: [Int])? {
        let here = inventory.tree.contentSHA256
        guard let delta = tree.deltas.filter({ $0.fromTree == here }).min(by: { $0.length < $1.length }),
            let contents = try? DeltaContents(from: inventory.tree.entries, to: tree.entries)
        else { return nil }
        var damaged: Set<String> = []
        for (index, entry) in inventory.tree.entries.enumerated() where !inventory.intact.contains(index) {
            if case .file(_, let sha256, _) = entry.kind { damaged.insert(sha256) }
        }
        // The content may be intact under another path, but a delta reads by path.
        let reads = delta.reads.map { Set($0.map { Array($0.utf8) }) }
        for old in contents.old where damaged.contains(old.sha256) {
            guard let reads else { return nil }
            if reads.contains(Array(old.path.utf8)) { return nil }
        }
        let carried = Set(contents.carried.map(\.sha256))
        let rest = missing.filter { index in
            guard case .file(_, let sha256, _) = tree.entries[index].kind else { return false }
            return !carried.contains(sha256)
        }
        return (delta, rest)
    }
}
