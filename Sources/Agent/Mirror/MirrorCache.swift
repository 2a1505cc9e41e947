// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Platform
import Synchronization
import SystemPackage

/// The disk space that all mirrors of this machine share. What was used least recently goes first; what is being served
/// or fetched stays, even where that is more than the limit, and goes afterwards.
final class MirrorCache: Sendable {
    /// Seconds between two notes, in the file's modification time, that it was used: precise enough for a restart.
    static let noteInterval: Int64 = 60 * 1_000_000_000

    private let ledger: Mutex<CacheLedger>
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let logger: Logger

    init(limit: Int64, fileSystem: any FileSystem, clock: any WallClock, logger: Logger) {
        ledger = Mutex(CacheLedger(limit: limit))
        self.fileSystem = fileSystem
        self.clock = clock
        self.logger = logger
    }

    /// Bytes that are kept now, and reserved for what is being fetched.
    var bytes: Int64 { ledger.withLock { $0.bytes } }

    /// Takes up what an earlier process kept in `folder`.
    func adopt(_ folder: FilePath) throws(FileError) {
        for name in try fileSystem.entries(of: folder) {
            let file = folder.appending(name)
            guard let attributes = try fileSystem.attributes(of: file), attributes.kind == .file else { continue }
            ledger.withLock {
                $0.add(
                    file, .init(file: file, size: attributes.size, lastUsed: attributes.modified, isWhole: true))
            }
        }
        trim()
    }

    /// A whole file, and its size, for as long as the lease is held; `nil` when it is not kept.
    func lease(_ key: FilePath) -> (lease: CacheLease, size: Int64)? {
        let found = ledger.withLock { ledger -> (size: Int64, generation: Int, isNoteDue: Bool)? in
            guard var entry = ledger[key], entry.isWhole else { return nil }
            let now = ledger.moment(now)
            let isNoteDue = now - entry.lastUsed > Self.noteInterval
            entry.lastUsed = now
            entry.users += 1
            ledger[key] = entry
            return (entry.size, entry.generation, isNoteDue)
        }
        guard let found else { return nil }
        // Only a hint for the next start; the file is served whether or not it can be given.
        if found.isNoteDue { try? fileSystem.touch(key) }
        return (CacheLease(self, key, found.generation), found.size)
    }

    /// Space for something that is fetched into `file`, and shall be `key`. What is too much goes at once.
    func reserve(_ key: FilePath, in file: FilePath, size: Int64) -> CacheLease {
        let generation = ledger.withLock { ledger in
            let now = ledger.moment(now)
            if ledger[key] == nil { ledger.add(key, .init(file: file, size: 0, lastUsed: now, isWhole: false)) }
            ledger[key]?.size = size
            ledger[key]?.lastUsed = now
            ledger[key]?.users += 1
            return ledger[key]?.generation ?? 0
        }
        trim()
        return CacheLease(self, key, generation)
    }

    /// One more user of something that is being fetched.
    func join(_ key: FilePath) -> CacheLease {
        let generation = ledger.withLock { ledger in
            ledger[key]?.users += 1
            return ledger[key]?.generation ?? 0
        }
        return CacheLease(self, key, generation)
    }

    /// Bytes that a broken fetch has left; `nil` when they are gone.
    func leftover(_ key: FilePath) -> Int64? {
        ledger.withLock { ledger in ledger[key].flatMap { $0.isWhole ? nil : $0.size } }
    }

    /// It is whole now, and has its name.
    func complete(_ key: FilePath, size: Int64) {
        ledger.withLock { ledger in
            guard var entry = ledger[key] else { return }
            entry.file = key
            entry.size = size
            entry.isWhole = true
            ledger[key] = entry
        }
        trim()
    }

    /// What a broken fetch has left takes no more than that; with nothing left, it is forgotten.
    func leave(_ key: FilePath, size: Int64) {
        ledger.withLock { ledger in
            ledger[key]?.size = size
            if size == 0, ledger[key]?.isWhole == false { ledger[key] = nil }
        }
        trim()
    }

    /// Drops what lies in `folder`, or is on its way there, under none of these names and is not in use.
    func keep(only names: Set<String>, in folder: FilePath) throws(FileError) {
        let found = try fileSystem.entries(of: folder).map { folder.appending($0) }
        ledger.withLock { ledger in
            let known = ledger.entries.keys.filter { $0.removingLastComponent() == folder }
            drop(
                Set(found + known).filter { !names.contains($0.lastComponent?.string ?? "") && !ledger.isUsed($0) },
                &ledger)
        }
    }

    /// Frees at least so many bytes; nothing at all when what is not in use is not enough.
    func free(_ wanted: Int64) {
        ledger.withLock { ledger in
            let victims = ledger.victims(freeing: wanted)
            guard victims.reduce(0, { $0 + (ledger[$1]?.size ?? 0) }) >= wanted else { return }
            drop(victims, &ledger)
        }
    }

    private func trim() {
        ledger.withLock { drop($0.surplus(), &$0) }
    }

    /// Within the lock: a file that is fetched anew meanwhile must not be the one that goes.
    private func drop(_ keys: some Sequence<FilePath>, _ ledger: inout CacheLedger) {
        for key in keys {
            do {
                try fileSystem.remove(ledger[key]?.file ?? key)
            } catch {
                logger.warning("the mirror cannot drop a file", metadata: ["reason": "\(error)"])
            }
            ledger[key] = nil
        }
    }

    fileprivate func release(_ key: FilePath, _ generation: Int) {
        ledger.withLock { ledger in
            guard var entry = ledger[key], entry.generation == generation else { return }
            entry.users -= 1
            ledger[key] = entry
            if entry.users == 0 { drop(ledger.surplus(), &ledger) }
        }
    }

    private var now: Int64 { Int64(clock.now.timeIntervalSince1970 * 1e9) }
}

/// Holds a file of the cache in its place, until the last one lets go: an answer that is never sent lets go as well.
final class CacheLease: Sendable {
    private let cache: MirrorCache
    private let key: FilePath
    private let generation: Int

    fileprivate init(_ cache: MirrorCache, _ key: FilePath, _ generation: Int) {
        self.cache = cache
        self.key = key
        self.generation = generation
    }

    deinit { cache.release(key, generation) }
}
