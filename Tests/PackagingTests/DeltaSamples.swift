// SPDX-License-Identifier: Apache-2.0
import DeltaMaking
import Platform
import SystemPackage
import TestSupport

@testable import Packaging

/// Two trees in their folders, and a delta between them.
struct DeltaStage {
    let folder: TemporaryFolder
    var old: [TreeEntry] = []
    var new: [TreeEntry] = []

    init() throws {
        folder = try TemporaryFolder(inMemory: true)
        try files.makeDirectory(folder / "old", permissions: 0o755)
        try files.makeDirectory(folder / "new", permissions: 0o755)
    }

    init(old: [String: [UInt8]], new: [String: [UInt8]]) throws {
        try self.init()
        for (path, content) in old { try folder.write("old/\(path)", content) }
        for (path, content) in new { try folder.write("new/\(path)", content) }
        try scan()
    }

    mutating func scan() throws {
        old = try entries("old")
        new = try entries("new")
    }

    private func entries(_ name: String) throws -> [TreeEntry] {
        // The scanner refuses a folder without files.
        guard try !files.entries(of: folder / name).isEmpty else { return [] }
        return try TreeScanner(fileSystem: files).scan(folder / name).entries.map { entry in
            switch entry.kind {
            case .directory: return TreeEntry(path: entry.path, kind: .directory(permissions: 0o755))
            case .symlink(let destination): return TreeEntry(path: entry.path, kind: .symlink(destination: destination))
            case .file(let attributes):
                let hash = ContentHash.sha256(try files.read((folder / name).appending(entry.path), limit: .max))
                let permissions: UInt16 = attributes.permissions & 0o100 == 0 ? 0o644 : 0o755
                return TreeEntry(
                    path: entry.path, kind: .file(size: attributes.size, sha256: hash, permissions: permissions))
            }
        }
    }

    @discardableResult
    func make(_ options: DeltaOptions = DeltaOptions(level: 6)) throws -> WrittenDelta? {
        try DeltaWriter(fileSystem: files, options: options).write(
            from: old, in: folder / "old", to: new, in: folder / "new", as: folder / "delta")
    }

    func delta() throws -> [UInt8] { try files.read(folder / "delta", limit: .max) }

    /// Directories, and the files that the delta carries, in `out`.
    func apply(_ delta: FilePath? = nil, fileSystem: any FileSystem = files) throws {
        try files.removeTree(folder / "out")
        try files.makeDirectory(folder / "out", permissions: 0o755)
        for entry in new {
            if case .directory = entry.kind {
                try files.makeDirectory((folder / "out").appending(entry.path), permissions: 0o755)
            }
        }
        try DeltaApplier(fileSystem: fileSystem).apply(
            delta ?? folder / "delta", from: old, in: folder / "old", to: new, into: folder / "out")
    }

    /// What is in `out` and in neither way right: empty after every outcome.
    func wrongFiles() throws -> [String] {
        let out = folder / "out"
        guard try files.attributes(of: out) != nil else { return [] }
        var wrong: [String] = []
        var pending = try files.entries(of: out)
        while let path = pending.popLast() {
            if try files.attributes(of: out.appending(path))?.kind == .directory {
                pending += try files.entries(of: out.appending(path)).map { "\(path)/\($0)" }
                continue
            }
            let content = ContentHash.sha256(try files.read(out.appending(path), limit: .max))
            let isRight = new.contains { file in
                guard case .file(_, content, _) = file.kind else { return false }
                return file.path == path
            }
            if !isRight { wrong.append(path) }
        }
        return wrong
    }

    /// The delta makes what it carries, local copies the rest, and the result is the new tree.
    func checkRoundTrip() throws -> Bool {
        try apply()
        for copy in try DeltaContents(from: old, to: new).localCopies {
            try files.copyFile((folder / "old").appending(copy.oldPath), to: (folder / "out").appending(copy.path))
        }
        for entry in new {
            if case .symlink(let destination) = entry.kind {
                try files.makeLink(at: (folder / "out").appending(entry.path), to: destination)
            }
        }
        // A pack that could carry them, since a tree without one is refused.
        var known: Set<String> = []
        let bytes = new.reduce(Int64(0)) { sum, entry in
            guard case .file(let size, let sha256, _) = entry.kind, known.insert(sha256).inserted else { return sum }
            return sum + size
        }
        let frames = stride(from: Int64(0), to: bytes, by: 16 << 20).enumerated().map { index, start in
            Frame(offset: Int64(index), length: 1, uncompressedLength: min(bytes - start, 16 << 20))
        }
        let tree = Tree(
            product: "p", release: "1", component: "server", platform: "linux-x86_64", entries: new,
            pack: PackReference(length: Int64(frames.count), sha256: ContentHash.sha256([]), frames: frames))
        let compared = try TreeVerifier(fileSystem: files).compare(folder / "out", with: tree)
        return compared.missing.isEmpty && compared.extra.isEmpty && compared.changed.isEmpty
    }
}

/// A delta of one group, taken apart.
struct DeltaParts {
    var control: [UInt8]
    var frames: [UInt8]

    init(_ delta: [UInt8]) throws {
        let size = (0..<4).reduce(0) { $0 | Int(delta[13 + $1]) << (8 * $1) }
        let length = (0..<4).reduce(0) { $0 | Int(delta[9 + $1]) << (8 * $1) }
        control = try Zstd.decompress(Array(delta[17..<(17 + size)]), expecting: length)
        frames = Array(delta[(17 + size)...])
    }

    init(control: [UInt8], frames: [UInt8]) {
        self.control = control
        self.frames = frames
    }

    func joined() throws -> [UInt8] {
        let frame = try Zstd.compress(control, level: 1)
        let sizes = [control.count, frame.count].flatMap { size in (0..<4).map { UInt8(size >> (8 * $0) & 255) } }
        return DeltaFormat.magic + sizes + frame + frames
    }
}

/// A file that has the shape of an x86-64 program: code whose calls and whose tables refer to each other.
func program(functions: Int, extra: Int, seed: UInt64) -> [UInt8] {
    var starts: [Int] = []
    var code: [UInt8] = []
    for function in 0..<functions {
        starts.append(code.count)
        code += noise(40 + Int(noise(1, seed: UInt64(function + 1))[0]) % 60, seed: UInt64(function + 7))
        // Something new in the middle moves all that is behind it.
        if function == functions / 2 { code += noise(extra, seed: seed) }
        code += [0xE8, 0, 0, 0, 0, 0x48, 0x8B, 0x05, 0, 0, 0, 0]
    }
    let address = 0x1_0000
    for function in 0..<functions {
        let end = (function + 1 < functions ? starts[function + 1] : code.count) - 7
        let target = starts[(function * 7 + 3) % functions]
        withUnsafeBytes(of: Int32(target - end).littleEndian) { code.replaceSubrange((end - 4)..<end, with: $0) }
    }
    let table = starts.flatMap { start in
        withUnsafeBytes(of: UInt64(address + start).littleEndian) { Array($0) }
    }
    let padding = [UInt8](repeating: 0, count: (8 - code.count % 8) % 8)
    let tableAt = 64 + code.count + padding.count
    let names = Array("\0.text\0.data\0.names\0".utf8)
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    func put(_ value: Int, _ bytes: Int) { file += (0..<bytes).map { UInt8(value >> (8 * $0) & 255) } }
    put(2, 2); put(62, 2); put(1, 4); put(address, 8); put(0, 8)
    put(tableAt + table.count + names.count, 8); put(0, 4)
    put(64, 2); put(0, 2); put(0, 2); put(64, 2); put(4, 2); put(3, 2)
    file += code + padding + table + names
    func section(_ name: Int, _ type: Int, _ flags: Int, _ address: Int, _ offset: Int, _ size: Int) {
        put(name, 4); put(type, 4)
        for value in [flags, address, offset, size, 0, 8, 0] { put(value, 8) }
        put(0, 4); put(0, 4)
        file.removeLast(8)
    }
    section(0, 0, 0, 0, 0, 0)
    section(1, 1, 6, address, 64, code.count)
    section(7, 1, 3, address + tableAt, tableAt, table.count)
    section(13, 3, 0, 0, tableAt + table.count, names.count)
    return file
}
