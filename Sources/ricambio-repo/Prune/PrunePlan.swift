// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Which states of a repository readers may still be reading, and so which files may go.
///
/// A snapshot was current until its successor was published. Whoever fetched `timestamp.json` while it was current asks for
/// exactly the files that it leads to, so these stay until the successor is old enough.
struct PrunePlan: Equatable {
    struct State: Hashable {
        var version: Int64
        /// When it was published, as late as the evidence allows.
        var published: Date
    }

    struct File: Hashable, Encodable {
        /// Below the served folder.
        var path: String
        var bytes: Int64
    }

    /// Versions of the snapshots that must stay readable, the newest first.
    let kept: [Int64]

    /// - Parameter current: the version that `timestamp.json` names; newer ones are of a publication that did not end.
    init(_ states: [State], current: Int64, keepDays: Int, now: Date) {
        let known = states.filter { $0.version <= current }.sorted { $0.version > $1.version }
        let limit = now - Double(keepDays) * 86_400
        var kept: [Int64] = []
        var successor: State?
        for state in known {
            if let successor, successor.published < limit { break }
            kept.append(state.version)
            successor = state
        }
        self.kept = kept
    }

    /// What goes: all that no kept state leads to. Roots stay for ever, since every client climbs through all of them.
    static func removals(_ all: [File], reachable: Set<String>) -> [File] {
        all.filter { file in
            let isRoot = file.path.hasPrefix("metadata/") && file.path.hasSuffix("root.json")
            // What is being written right now, or is none of this format's, is not this command's.
            let isOwn = ["metadata/", "targets/", "packs/"].contains { file.path.hasPrefix($0) }
            return isOwn && !isRoot && !reachable.contains(file.path)
        }
    }
}
