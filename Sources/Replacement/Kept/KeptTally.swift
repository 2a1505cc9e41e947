// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Counts and names what a pass carries, what it copied anew and what was there already.
struct KeptTally {
    var copiedBytes: Int64 = 0
    private var keptCount = 0
    private var kept: [FilePath] = []
    private var beside: [FilePath] = []
    private var notCarried: [NotCarried] = []

    /// Whether one more loss would be named.
    var hasRoomForLosses: Bool { notCarried.count < CarryOver.Pass.named }

    func pass(index: KeptIndex) -> CarryOver.Pass {
        CarryOver.Pass(
            index: index, keptCount: keptCount, kept: kept.sorted { Self.precedes($0, $1) },
            beside: beside.sorted { Self.precedes($0, $1) }, copiedBytes: copiedBytes, notCarried: notCarried)
    }

    private static func precedes(_ path: FilePath, _ other: FilePath) -> Bool {
        path.bytes.lexicographicallyPrecedes(other.bytes)
    }

    mutating func count(_ folder: KeptFolder, at path: FilePath, release: ReleaseFolder) {
        keptCount += folder.fileCount
        if kept.count < CarryOver.Pass.named {
            for index in folder.listing.indices {
                let kind = folder.listing.attributes[index].kind
                guard kind == .file || kind == .symlink, kept.count < CarryOver.Pass.named else { continue }
                kept.append(path.appending(folder.listing.component(index)))
            }
        }
        note(folder.ownLost, of: path)
        guard folder.isNotable else { return }
        for index in folder.listing.indices { note(folder, index, at: path, release) }
    }

    /// The same for what is in it.
    mutating func countAll(_ folder: KeptFolder, at path: FilePath, release: ReleaseFolder) {
        count(folder, at: path, release: release)
        for (index, inside) in zip(folder.directories, folder.folders) {
            let name = folder.listing.component(Int(index))
            countAll(inside, at: path.appending(name), release: release.inside(name.bytes))
        }
    }

    private mutating func note(_ folder: KeptFolder, _ index: Int, at path: FilePath, _ release: ReleaseFolder) {
        let (attributes, marks) = (folder.listing.attributes[index], folder.marks[index])
        let isOrdinary = attributes.kind != .other && !attributes.isImmutable
        guard !isOrdinary || !marks.isDisjoint(with: [.displaced, .lossy]) else { return }
        let place = path.appending(folder.listing.component(index))
        if attributes.kind == .other { note(NotCarried(path: place, what: .special)) }
        if attributes.isImmutable { note(NotCarried(path: place, what: .immutableMark)) }
        note(folder.lost[index] ?? [], of: place)
        if marks.contains(.displaced), let name = FilePath.Component(bytes: release.beside(folder.listing.name(index)))
        {
            beside.append(path.appending(name))
        }
    }

    private mutating func note(_ lost: Set<FileMetadata.Part>, of path: FilePath) {
        for part in lost.sorted() { note(NotCarried(path: path, what: .part(part))) }
    }

    private mutating func note(_ what: NotCarried) {
        if hasRoomForLosses { notCarried.append(what) }
    }
}

extension FilePath {
    /// As the file system has them.
    fileprivate var bytes: [UInt8] {
        withPlatformString { path in UnsafeBufferPointer(start: path, count: length).map { UInt8(bitPattern: $0) } }
    }
}
