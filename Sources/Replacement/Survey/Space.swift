// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// What content takes on a file system: bytes, and files and folders (inodes), of which some have too few though there
/// are bytes.
public struct Space: Sendable, Hashable {
    /// What file systems give at a time, mostly.
    private static let block: Int64 = 4096

    public var bytes: Int64
    public var files: Int64

    public init(bytes: Int64 = 0, files: Int64 = 0) {
        self.bytes = bytes
        self.files = files
    }

    /// What a release takes, its small files included, each of which takes a block.
    public init(for release: [ReleaseEntry]) {
        // The top folder.
        self.init(bytes: Self.block, files: 1)
        for entry in release {
            switch entry.kind {
            case .file(let size, _, _): self += Space(bytes: Self.blocks(size), files: 1)
            case .directory: self += Space(bytes: Self.block, files: 1)
            case .symlink: self += Space(files: 1)
            }
        }
    }

    private static func blocks(_ size: Int64) -> Int64 {
        let (sum, overflow) = max(0, size).addingReportingOverflow(block - 1)
        return overflow ? .max : sum / block * block
    }

    /// Sums that no number holds are as good as the largest.
    public static func += (sum: inout Space, other: Space) {
        func add(_ a: Int64, _ b: Int64) -> Int64 {
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? .max : sum
        }
        sum = Space(bytes: add(sum.bytes, other.bytes), files: add(sum.files, other.files))
    }

    public static func + (a: Space, b: Space) -> Space {
        var sum = a
        sum += b
        return sum
    }

    /// What the file system at a path has too little of, as errors with what is free and what is needed.
    public func lacking(
        at path: FilePath, fileSystem: any FileSystem
    ) throws(ReplacementError) -> [ReplacementError] {
        let free = try ReplacementError.files { () throws(FileError) in
            Space(bytes: try fileSystem.freeBytes(at: path), files: try fileSystem.freeFiles(at: path))
        }
        var lacking: [ReplacementError] = []
        if free.bytes < bytes {
            lacking.append(.init(.notEnoughBytes(free: free.bytes, needed: bytes), path: path))
        }
        if free.files < files {
            lacking.append(
                .init(
                    .notEnoughFiles(free: free.files, needed: files), path: path, reason: "no inodes are left for them")
            )
        }
        return lacking
    }
}
