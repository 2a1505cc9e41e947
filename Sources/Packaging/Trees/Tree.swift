// SPDX-License-Identifier: Apache-2.0

/// A folder's exact content, and where to get it. `Tree.check()` says whether one can be trusted to stay in its folder.
public struct Tree: Sendable, Hashable, Codable {
    public static let currentFormat = 1

    /// Version of the document's format.
    public var version: Int
    public var product: String
    /// The release that this tree belongs to.
    public var release: String
    /// `server`, `client` or `standalone`.
    public var component: String
    public var platform: String
    /// In ascending order of their paths' bytes; a folder therefore comes before what is in it.
    public var entries: [TreeEntry]
    public var pack: PackReference
    public var deltas: [DeltaReference]

    public init(
        version: Int = Tree.currentFormat, product: String, release: String, component: String, platform: String,
        entries: [TreeEntry], pack: PackReference, deltas: [DeltaReference] = []
    ) {
        self.version = version
        self.product = product
        self.release = release
        self.component = component
        self.platform = platform
        self.entries = entries
        self.pack = pack
        self.deltas = deltas
    }

    private enum CodingKeys: String, CodingKey {
        case version = "format"
        case product, release, component, platform, entries, pack, deltas
    }

    /// Bytes of all files, uncompressed.
    public var installedBytes: Int64 { entries.reduce(0) { $0 &+ $1.size } }

    public var fileCount: Int {
        entries.count {
            if case .file = $0.kind { true } else { false }
        }
    }
}

public struct TreeEntry: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// `permissions` is 0o644, or 0o755 for what can be executed.
        case file(size: Int64, sha256: String, permissions: UInt16)
        /// `permissions` is 0o755.
        case directory(permissions: UInt16)
        case symlink(destination: String)
    }

    /// Relative to the tree's folder, parts separated by `/`.
    public var path: String
    public var kind: Kind

    public init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }

    /// Bytes that this entry has in the pack's stream.
    public var size: Int64 {
        if case .file(let size, _, _) = kind { size } else { 0 }
    }
}

/// An immutable blob `packs/<sha256>` that carries the content of all of a tree's files, each content once, one after the
/// other in the order of the entries, in independent zstd frames.
public struct PackReference: Sendable, Hashable, Codable {
    /// Bytes of the pack as it is fetched.
    public var length: Int64
    /// Lower-case hex.
    public var sha256: String
    public var frames: [Frame]

    public init(length: Int64, sha256: String, frames: [Frame]) {
        self.length = length
        self.sha256 = sha256
        self.frames = frames
    }
}

/// One zstd frame of a pack.
public struct Frame: Sendable, Hashable, Codable {
    /// Where it starts in the pack.
    public var offset: Int64
    /// Bytes in the pack.
    public var length: Int64
    public var uncompressedLength: Int64

    public init(offset: Int64, length: Int64, uncompressedLength: Int64) {
        self.offset = offset
        self.length = length
        self.uncompressedLength = uncompressedLength
    }
}

/// A pack that turns the changed files of an older tree into those of this one.
public struct DeltaReference: Sendable, Hashable, Codable {
    /// The release it starts from.
    public var from: String
    /// ``Tree/contentSHA256`` of the tree it starts from.
    public var fromTree: String
    public var length: Int64
    public var sha256: String
    /// Paths in the older tree that it reads: these must have their content in the folder that it is applied to. `nil`
    /// when the vendor's tool did not say: then all of them.
    public var reads: [String]?

    public init(from: String, fromTree: String, length: Int64, sha256: String, reads: [String]? = nil) {
        self.from = from
        self.fromTree = fromTree
        self.length = length
        self.sha256 = sha256
        self.reads = reads
    }
}

extension TreeEntry: Codable {
    private enum CodingKeys: String, CodingKey {
        case path, kind, size, sha256, permissions, destination
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        path = try container.decode(String.self, forKey: .path)
        switch try container.decode(String.self, forKey: .kind) {
        case "file":
            kind = .file(
                size: try container.decode(Int64.self, forKey: .size),
                sha256: try container.decode(String.self, forKey: .sha256),
                permissions: try Self.permissions(container))
        case "directory":
            kind = .directory(permissions: try Self.permissions(container))
        case "symlink":
            kind = .symlink(destination: try container.decode(String.self, forKey: .destination))
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "unknown kind \(other)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(path, forKey: .path)
        switch kind {
        case .file(let size, let sha256, let permissions):
            try container.encode("file", forKey: .kind)
            try container.encode(size, forKey: .size)
            try container.encode(sha256, forKey: .sha256)
            try container.encode(String(permissions, radix: 8), forKey: .permissions)
        case .directory(let permissions):
            try container.encode("directory", forKey: .kind)
            try container.encode(String(permissions, radix: 8), forKey: .permissions)
        case .symlink(let destination):
            try container.encode("symlink", forKey: .kind)
            try container.encode(destination, forKey: .destination)
        }
    }

    /// Octal text, as people write them.
    private static func permissions(_ container: KeyedDecodingContainer<CodingKeys>) throws -> UInt16 {
        let text = try container.decode(String.self, forKey: .permissions)
        guard let value = UInt16(text, radix: 8) else {
            throw DecodingError.dataCorruptedError(
                forKey: .permissions, in: container, debugDescription: "not octal: \(text)")
        }
        return value
    }
}
