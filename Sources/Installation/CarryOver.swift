// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Packaging
internal import Platform
internal import SystemPackage

/// Brings kept files from the live folder into the new one: a first pass while the service is up, and another that
/// copies only what changed since, deletions included. The live folder is only ever read.
struct CarryOver: Sendable {
    /// What a pass found and did.
    struct Result: Sendable {
        var index: KeptIndex
        /// Kept files and symlinks, sorted.
        var kept: [String] { index.items.filter { $0.kind != .directory }.map(\.path) }
        /// Files of the release that lie beside the customer's.
        var beside: [String]
        var copiedBytes: Int64
    }

    private let live: FilePath
    private let staged: FilePath
    private let scanner: KeptScanner
    private let release: [String: TreeEntry.Kind]
    private let fileSystem: any FileSystem
    /// Every copied file and changed folder is synced, for the pass after which nothing else is.
    private let durable: Bool

    init(
        from live: FilePath, into staged: FilePath, tree: Tree, rules: [KeepRule], durable: Bool,
        fileSystem: any FileSystem
    ) {
        self.live = live
        self.staged = staged
        scanner = KeptScanner(rules: rules, fileSystem: fileSystem)
        release = Dictionary(tree.entries.map { ($0.path, $0.kind) }, uniquingKeysWith: { first, _ in first })
        self.fileSystem = fileSystem
        self.durable = durable
    }

    /// `earlier` is what the pass before this one returned; ``KeptIndex/none`` for a folder fresh from the release.
    func run(since earlier: KeptIndex, flag: CancellationFlag) throws -> Result {
        let began = try timeOfFileSystem()
        let items = try scanner.scan(live, flag: flag)
        let known = Dictionary(earlier.items.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let here = Set(items.map(\.path))
        var pass = Pass(displaced: Set(earlier.displaced))

        for item in earlier.items.reversed() where !here.contains(item.path) { try takeAway(item, &pass) }
        var index = KeptIndex(began: began, items: [], displaced: [])
        for item in items {
            try flag.check()
            guard !isLeftBeside(item, among: here) else { continue }
            if let before = known[item.path], item.isUnchanged(since: before),
                item.kind == .directory || item.modified < earlier.trustworthyBefore
            {
                index.items.append(item)
            } else if try bring(item, &pass, flag: flag) {
                index.items.append(item)
            }
        }
        index.displaced = pass.displaced.sorted()
        if durable {
            for folder in pass.touched { try fileSystem.syncDirectory(folder) }
        }
        return Result(index: index, beside: index.displaced.map(besideName), copiedBytes: pass.copiedBytes)
    }

    private struct Pass {
        var displaced: Set<String>
        var touched: Set<FilePath> = []
        var copiedBytes: Int64 = 0
    }

    /// `x.new`, which an earlier update put beside `x`, makes room for what this release has to say about `x`.
    private func isLeftBeside(_ item: KeptItem, among here: Set<String>) -> Bool {
        guard item.path.hasSuffix(".new") else { return false }
        let original = String(item.path.dropLast(4))
        return here.contains(original) && release[original] != nil
    }

    /// `false` when the item disappeared meanwhile.
    private func bring(_ item: KeptItem, _ pass: inout Pass, flag: CancellationFlag) throws -> Bool {
        let destination = staged.appending(item.path)
        try makeFolders(above: item.path, &pass)
        switch item.kind {
        case .directory:
            try makeFolder(item.path, permissions: item.permissions, &pass)
        case .symlink:
            guard let target = try ifThere({ try fileSystem.destination(ofLink: live.appending(item.path)) }) else {
                return false
            }
            try makeRoom(for: item, sameAsRelease: release[item.path] == .symlink(destination: target), &pass)
            try fileSystem.makeLink(at: destination, to: target)
        case .file:
            guard let same = try ifThere({ try isSameAsRelease(item, flag: flag) }) else { return false }
            try makeRoom(for: item, sameAsRelease: same, &pass)
            guard try ifThere({ try copy(item, to: destination) }) != nil else {
                try giveBack(item.path, &pass)
                return false
            }
            if !item.immutable { pass.copiedBytes += item.size }
        }
        pass.touched.insert(destination.removingLastComponent())
        return true
    }

    private func copy(_ item: KeptItem, to destination: FilePath) throws {
        let source = live.appending(item.path)
        if item.immutable {
            do {
                try fileSystem.hardLink(source, as: destination)
                return
            } catch  where error.code == .notFound {
                throw error
            } catch {
                // Some file systems have no links, and some systems protect files of others: a copy does as well.
            }
        }
        try fileSystem.copyFile(source, to: destination)
        if durable {
            let file = try fileSystem.openForReading(destination)
            defer { try? file.close() }
            try file.sync()
        }
    }

    /// Whatever is at the item's place makes room: an earlier copy goes, the release's own file is put beside.
    private func makeRoom(for item: KeptItem, sameAsRelease same: Bool, _ pass: inout Pass) throws {
        let destination = staged.appending(item.path)
        let beside = staged.appending(besideName(item.path))
        if same || release[item.path] == nil {
            if pass.displaced.remove(item.path) != nil { try fileSystem.removeTree(beside) }
            try fileSystem.removeTree(destination)
        } else if pass.displaced.contains(item.path) {
            try fileSystem.removeTree(destination)
        } else {
            try displace(item.path, &pass)
        }
    }

    /// Puts the release's own beside. When a crash cut the pass that did it before, it lies there already.
    private func displace(_ path: String, _ pass: inout Pass) throws {
        let destination = staged.appending(path)
        let beside = staged.appending(besideName(path))
        if try fileSystem.exists(beside) {
            try fileSystem.removeTree(destination)
        } else if try fileSystem.exists(destination) {
            try fileSystem.rename(destination, to: beside)
        }
        pass.displaced.insert(path)
        pass.touched.insert(destination.removingLastComponent())
    }

    /// The customer deleted it since the pass before: what the release has is in place again.
    private func takeAway(_ item: KeptItem, _ pass: inout Pass) throws {
        let place = staged.appending(item.path)
        pass.touched.insert(place.removingLastComponent())
        if item.kind == .directory {
            // The release may have something in it, or the customer something new.
            if release[item.path] == nil, try ifThere({ try fileSystem.entries(of: place) })?.isEmpty == true {
                try fileSystem.remove(place)
                pass.touched.remove(place)
            }
        } else if pass.displaced.contains(item.path) || release[item.path] == nil {
            try fileSystem.removeTree(place)
        }
        try giveBack(item.path, &pass)
    }

    private func giveBack(_ path: String, _ pass: inout Pass) throws {
        guard pass.displaced.remove(path) != nil else { return }
        let beside = staged.appending(besideName(path))
        if try fileSystem.exists(beside) { try fileSystem.rename(beside, to: staged.appending(path)) }
    }

    /// Folders that lead to a kept item look as they do in the live folder.
    private func makeFolders(above path: String, _ pass: inout Pass) throws {
        var folder = ""
        for name in path.split(separator: "/").dropLast() {
            folder = folder.isEmpty ? String(name) : folder + "/" + name
            guard try fileSystem.attributes(of: staged.appending(folder))?.kind != .directory else { continue }
            let permissions = try fileSystem.attributes(of: live.appending(folder))?.permissions ?? 0o755
            try makeFolder(folder, permissions: permissions, &pass)
        }
    }

    private func makeFolder(_ path: String, permissions: UInt16, _ pass: inout Pass) throws {
        let place = staged.appending(path)
        let found = try fileSystem.attributes(of: place)
        if let found, found.kind == .directory {
            if found.permissions != permissions { try fileSystem.setPermissions(permissions, of: place) }
            return
        }
        if found != nil {
            if release[path] != nil, !pass.displaced.contains(path) {
                try displace(path, &pass)
            } else {
                try fileSystem.removeTree(place)
            }
        }
        try fileSystem.makeDirectory(place, permissions: permissions)
        pass.touched.insert(place)
        pass.touched.insert(place.removingLastComponent())
    }

    private func besideName(_ path: String) -> String {
        var name = path + ".new"
        while release[name] != nil { name += ".new" }
        return name
    }

    private func isSameAsRelease(_ item: KeptItem, flag: CancellationFlag) throws -> Bool {
        guard case .file(let size, let sha256, _) = release[item.path], size == item.size else { return false }
        let file = try fileSystem.openForReading(live.appending(item.path))
        defer { try? file.close() }
        var hash = SHA256()
        var offset: Int64 = 0
        while true {
            try flag.check()
            let bytes = try file.read(at: offset, count: 1 << 20)
            if bytes.isEmpty { break }
            hash.update(data: bytes)
            offset += Int64(bytes.count)
        }
        return hash.finalize().map { String(Int($0) + 0x100, radix: 16).suffix(2) }.joined() == sha256
    }

    /// `nil` when the file has gone: the service is up, and backups rotate.
    private func ifThere<Value>(_ body: () throws -> Value) throws -> Value? {
        do {
            return try body()
        } catch let error as FileError where error.code == .notFound {
            return nil
        }
    }

    /// The clock that file times are taken from; not always this machine's.
    private func timeOfFileSystem() throws -> Int64 {
        let file = staged.removingLastComponent().appending("clock")
        try fileSystem.remove(file)
        let open = try fileSystem.openForWriting(file, permissions: 0o600, resume: false)
        defer { try? open.close() }
        try open.write([0])
        let now = try open.attributes().modified
        try fileSystem.remove(file)
        return now
    }
}
