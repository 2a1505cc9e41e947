// SPDX-License-Identifier: Apache-2.0

extension Tree {
    /// Limits that keep a reader's memory bounded whatever a document says.
    enum Limit {
        static let entries = 2_000_000
        static let pathBytes = 4096
        static let nameBytes = 255
        static let frameBytes = Int64(FrameSize.largest)
        /// What a frame may have beyond its content and a 64th of it; zstd adds less.
        static let frameOverhead: Int64 = 1024
        static let totalBytes: Int64 = 1 << 44
    }

    /// Throws unless every entry stays inside the tree's folder, is there once, and the frames carry exactly the
    /// files. Nothing may be written from a tree that has not passed.
    public func check() throws(PackagingError) {
        guard RepositoryNames.isValid(product: product), Version(release) != nil,
            Component(rawValue: component) != nil, RepositoryNames.isValid(platform: platform)
        else {
            throw PackagingError(.malformed, "\(product) \(release) \(component) \(platform) does not name a tree.")
        }
        guard entries.count <= Limit.entries else {
            throw PackagingError(.malformed, "The tree has more than \(Limit.entries) entries.")
        }
        try checkPaths()
        let content = try checkSizes()
        try pack.check()
        let total = pack.frames.reduce(0) { $0 + $1.uncompressedLength }
        guard total == content else {
            throw PackagingError(
                .malformed, "The files have \(content) bytes of different content, the pack's frames \(total).")
        }
        for delta in deltas
        where !Hex.isSHA256(delta.sha256) || !Hex.isSHA256(delta.fromTree) || delta.length < 0
            || Version(delta.from) == nil
        {
            throw PackagingError(.malformed, "The delta from \(delta.from) is not described properly.")
        }
    }

    private func checkPaths() throws(PackagingError) {
        var links = LinkResolver()
        var previous: [UInt8]?
        for entry in entries {
            let bytes = Array(entry.path.utf8)
            try Self.checkPath(entry.path, bytes)
            if let previous, !previous.lexicographicallyPrecedes(bytes) {
                throw PackagingError(
                    .malformed, "It is there twice, or not in its order.",
                    at: entry.path)
            }
            previous = bytes
            // Only into folders that the tree itself makes: never through a symlink, never through a file.
            if let slash = bytes.lastIndex(of: UInt8(ascii: "/")), !links.isDirectory(Array(bytes[..<slash])) {
                throw PackagingError(
                    .escapes, "It is in something that the tree does not have as a folder.", at: entry.path)
            }
            links.add(entry.kind, at: bytes)
        }
        for entry in entries {
            guard case .symlink(let destination) = entry.kind else { continue }
            try links.check(destination, at: entry.path)
        }
    }

    /// Bytes of all content, each content once.
    private func checkSizes() throws(PackagingError) -> Int64 {
        var total: Int64 = 0
        var content: Int64 = 0
        var sizes: [String: Int64] = [:]
        for entry in entries {
            switch entry.kind {
            case .file(let size, let sha256, let permissions):
                guard size >= 0, size <= Limit.totalBytes, Hex.isSHA256(sha256) else {
                    throw PackagingError(.malformed, "Its size or hash cannot be right.", at: entry.path)
                }
                guard permissions == 0o644 || permissions == 0o755 else {
                    throw PackagingError(.malformed, "Its permissions are neither 644 nor 755.", at: entry.path)
                }
                total += size
                guard total <= Limit.totalBytes else {
                    throw PackagingError(.malformed, "The tree has more than \(Limit.totalBytes) bytes.")
                }
                if let known = sizes.updateValue(size, forKey: sha256) {
                    guard known == size else {
                        throw PackagingError(.malformed, "Another file has its hash, and another size.", at: entry.path)
                    }
                } else {
                    content += size
                }
            case .directory(let permissions):
                guard permissions == 0o755 else {
                    throw PackagingError(.malformed, "Its permissions are not 755.", at: entry.path)
                }
            case .symlink:
                break
            }
        }
        return content
    }

    /// What a path must be, whether it was read from a document or found in a vendor's folder.
    static func checkPath(_ path: String, _ bytes: [UInt8]) throws(PackagingError) {
        guard !bytes.isEmpty, bytes.count <= Limit.pathBytes else {
            throw PackagingError(.malformed, "The path is empty or too long.", at: path)
        }
        // C0 and DEL, and C1 as UTF-8: terminals and logs obey them.
        let hasControl =
            bytes.contains { $0 < 0x20 || $0 == 0x7F }
            || zip(bytes, bytes.dropFirst()).contains { $0 == 0xC2 && (0x80...0x9F).contains($1) }
        guard !hasControl else {
            throw PackagingError(.malformed, "The name has control characters.", at: printable(path))
        }
        for name in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
                throw PackagingError(.escapes, "The path is absolute or leads out of its folder.", at: path)
            }
            guard name.count <= Limit.nameBytes else {
                throw PackagingError(.malformed, "A name in it has more than \(Limit.nameBytes) bytes.", at: path)
            }
        }
    }

    static func printable(_ path: String) -> String {
        String(path.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
    }
}

extension PackReference {
    /// Frames follow each other without gaps, fill the pack, and none needs much memory.
    func check() throws(PackagingError) {
        guard length >= 0, Hex.isSHA256(sha256) else {
            throw PackagingError(.malformed, "The pack's length or hash cannot be right.")
        }
        var offset: Int64 = 0
        for frame in frames {
            guard frame.offset == offset, frame.length > 0, frame.uncompressedLength > 0,
                frame.uncompressedLength <= Tree.Limit.frameBytes,
                frame.length <= frame.uncompressedLength + frame.uncompressedLength >> 6 + Tree.Limit.frameOverhead
            else {
                throw PackagingError(.malformed, "The pack's frame at \(frame.offset) cannot be right.")
            }
            offset += frame.length
        }
        guard offset == length else {
            throw PackagingError(.malformed, "The pack has \(length) bytes, its frames \(offset).")
        }
    }
}

/// Follows symlinks inside a tree the way the kernel would, without a file system.
struct LinkResolver {
    private enum Kind {
        case file
        case directory
        case link(String)
    }

    // Bytes, not strings: Swift compares strings by canonical equivalence, file systems do not.
    private var kinds: [[UInt8]: Kind] = [:]

    mutating func add(_ kind: TreeEntry.Kind, at path: [UInt8]) {
        kinds[path] =
            switch kind {
            case .file: .file
            case .directory: .directory
            case .symlink(let destination): .link(destination)
            }
    }

    func isDirectory(_ path: [UInt8]) -> Bool {
        if case .directory? = kinds[path] { true } else { false }
    }

    /// Throws when the symlink at `path` leads, directly or through others, out of the tree. Leading to something
    /// that the tree does not have is fine: the application may make it.
    func check(_ destination: String, at path: String) throws(PackagingError) {
        let bytes = Array(destination.utf8)
        guard !bytes.isEmpty, bytes.count <= Tree.Limit.pathBytes, !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw PackagingError(
                .malformed, "The symlink's destination is empty, too long or has control characters.", at: path)
        }
        var pending = parts(destination)
        var place: [ArraySlice<UInt8>] = Array(
            Array(path.utf8).split(separator: UInt8(ascii: "/")).dropLast())
        var isAbsolute = bytes.first == UInt8(ascii: "/")
        var followed = 0
        while let part = pending.popLast() {
            guard !isAbsolute else { break }
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) {
                guard place.popLast() != nil else {
                    throw PackagingError(.escapes, "The symlink leads out of its folder, to \(destination).", at: path)
                }
                continue
            }
            place.append(part)
            guard case .link(let next)? = kinds[Array(place.joined(separator: [UInt8(ascii: "/")]))] else { continue }
            followed += 1
            guard followed <= 40 else {
                throw PackagingError(.malformed, "The symlink goes round in circles.", at: path)
            }
            isAbsolute = next.utf8.first == UInt8(ascii: "/")
            place.removeLast()
            pending += parts(next)
        }
        guard !isAbsolute else {
            throw PackagingError(.escapes, "The symlink is absolute, it leads to \(destination).", at: path)
        }
    }

    /// Last one first, to be taken from the end.
    private func parts(_ path: String) -> [ArraySlice<UInt8>] {
        Array(path.utf8).split(separator: UInt8(ascii: "/")).reversed()
    }
}
