// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// What the mirrors of this machine keep: how large it is, when it was used last, and who is using it. Decides what has
/// to go; touches no file.
struct CacheLedger {
    struct Entry: Hashable {
        /// Where it is now: unfinished, or under its name.
        var file: FilePath
        var size: Int64
        /// Nanoseconds since 1970.
        var lastUsed: Int64
        /// Who serves or fetches it at this moment.
        var users = 0
        /// Verified, and under its name.
        var isWhole: Bool
        /// Tells apart two that followed each other in the same place: who used the first lets go of that one only.
        var generation = 0
    }

    /// Gives way only to what is being served or fetched.
    let limit: Int64
    /// By the file's place once it is whole.
    private(set) var entries: [FilePath: Entry] = [:]
    private(set) var bytes: Int64 = 0

    private var generations = 0
    private var latest: Int64 = 0

    init(limit: Int64) { self.limit = limit }

    /// Puts something in a place where nothing is known to be.
    mutating func add(_ key: FilePath, _ entry: Entry) {
        generations += 1
        latest = max(latest, entry.lastUsed)
        var entry = entry
        entry.generation = generations
        self[key] = entry
    }

    subscript(key: FilePath) -> Entry? {
        get { entries[key] }
        set {
            bytes += (newValue?.size ?? 0) - (entries[key]?.size ?? 0)
            entries[key] = newValue
        }
    }

    /// Served or fetched at this moment.
    func isUsed(_ key: FilePath) -> Bool { entries[key].map { $0.users > 0 } ?? false }

    /// Later than every use so far, even when the clock has been put back.
    mutating func moment(_ now: Int64) -> Int64 {
        latest = max(now, latest + 1)
        return latest
    }

    /// What has to go so that the limit is kept, least recently used first; nothing that is in use.
    func surplus() -> [FilePath] { victims(freeing: bytes - limit) }

    /// The least recently used that make up at least so many bytes, or as many as there are; nothing that is in use.
    func victims(freeing wanted: Int64) -> [FilePath] {
        var (victims, freed): ([FilePath], Int64) = ([], 0)
        guard wanted > 0 else { return [] }
        let idle = entries.filter { $1.users == 0 }
            .sorted { ($0.value.lastUsed, $0.key.string) < ($1.value.lastUsed, $1.key.string) }
        for (key, entry) in idle where freed < wanted {
            victims.append(key)
            freed += entry.size
        }
        return victims
    }
}
