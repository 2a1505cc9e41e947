// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage

/// Carries a person's own files from the live folder into the staged one. They are copied, never moved, so that
/// going back gives back what was there.
struct KeptFiles {
    var patterns: [KeepPattern]
    var live: FilePath
    var staged: FilePath
    var fileSystem: any FileSystem

    /// The paths that were carried over. Where the release brings a file of its own with other content, the person's
    /// wins and the release's is put beside it as `<name>.new`.
    func carryOver() throws(FileError) -> [String] {
        guard !patterns.isEmpty else { return [] }
        var carried: [String] = []
        try carry(folder: "", into: &carried)
        return carried
    }

    private func carry(folder: String, into carried: inout [String]) throws(FileError) {
        let names = try fileSystem.entries(of: folder.isEmpty ? live : live.appending(folder))
        let all = Set(names)
        for name in names {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            // What an earlier update put beside the person's file belongs to that release.
            if name.hasSuffix(".new"), all.contains(String(name.dropLast(4))) { continue }
            guard let found = try fileSystem.attributes(of: live.appending(path)) else { continue }
            let isKept = patterns.contains { $0.matches(path) }
            switch found.kind {
            case .directory:
                if isKept { try makeFolder(path) }
                try carry(folder: path, into: &carried)
            case .file where isKept, .symlink where isKept:
                try copy(path, found)
                carried.append(path)
            case .file, .symlink, .other:
                break
            }
        }
    }

    private func copy(_ path: String, _ attributes: FileAttributes) throws(FileError) {
        if let slash = path.lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        let (source, destination) = (live.appending(path), staged.appending(path))
        if let other = try fileSystem.attributes(of: destination) {
            if try isSame(source, attributes, destination, other) {
                try fileSystem.remove(destination)
            } else {
                try moveAside(destination)
            }
        }
        try fileSystem.copyTree(source, to: destination)
    }

    /// Never writes through a symlink: one that is in the way is put aside.
    private func makeFolder(_ path: String) throws(FileError) {
        var place = staged
        for name in path.split(separator: "/") {
            place.append(String(name))
            if let found = try fileSystem.attributes(of: place) {
                if found.kind == .directory { continue }
                try moveAside(place)
            }
            try fileSystem.makeDirectory(place, permissions: 0o755)
        }
    }

    private func moveAside(_ path: FilePath) throws(FileError) {
        let beside = FilePath(path.string + ".new")
        try fileSystem.removeTree(beside)
        try fileSystem.rename(path, to: beside)
    }

    private func isSame(
        _ a: FilePath, _ first: FileAttributes, _ b: FilePath, _ second: FileAttributes
    ) throws(FileError) -> Bool {
        guard first.kind == second.kind, first.size == second.size else { return false }
        switch first.kind {
        case .symlink:
            return try fileSystem.destination(ofLink: a) == fileSystem.destination(ofLink: b)
        case .file:
            let (left, right) = (try fileSystem.openForReading(a), try fileSystem.openForReading(b))
            var offset: Int64 = 0
            while offset < first.size {
                let piece = try left.read(at: offset, count: 1 << 20)
                guard !piece.isEmpty, try right.read(at: offset, count: piece.count) == piece else { return false }
                offset += Int64(piece.count)
            }
            return true
        case .directory, .other:
            return false
        }
    }
}
