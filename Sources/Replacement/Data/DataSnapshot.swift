// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// What a run has saved of the data, or is about to: part of its journal. A value; ``DataSnapshots`` and
/// ``DataCommandRunner`` do what it says.
///
/// The journal has it before anything is made (clean-up after a crash knows the names), again when it is complete, and again
/// when it is restored, before the old version starts.
public enum DataSnapshot: Codable, Sendable, Hashable {
    case files(FileSnapshot)
    case commands(CommandSnapshot)

    public var isComplete: Bool {
        switch self {
        case .files(let snapshot): snapshot.isComplete
        case .commands(let snapshot): snapshot.isComplete
        }
    }

    public var isRestored: Bool {
        switch self {
        case .files(let snapshot): snapshot.isRestored
        case .commands(let snapshot): snapshot.isRestored
        }
    }
}

/// Copies beside a data folder, or beside a data file and its companions.
public struct FileSnapshot: Codable, Sendable, Hashable {
    /// That which holds the data and the copies; absolute.
    public var folder: StoredPath
    /// The data first.
    public var pieces: [DataPiece]
    /// All copies are whole and durable. Until then the new version has not been started.
    public var isComplete = false
    /// The data is what it was: whatever is at its place from now on is the old version's own.
    public var isRestored = false

    public init(folder: StoredPath, pieces: [DataPiece], isComplete: Bool = false, isRestored: Bool = false) {
        self.folder = folder
        self.pieces = pieces
        self.isComplete = isComplete
        self.isRestored = isRestored
    }

    /// Where the data really is: no symlink stands at its end.
    public var place: FilePath { pieces.first.map { place(of: $0) } ?? folder.path }

    public func place(of piece: DataPiece) -> FilePath { folder.path.appending(piece.name) }
    public func copy(of piece: DataPiece) -> FilePath { folder.path.appending(piece.copy) }
}

/// One name of the data.
public struct DataPiece: Codable, Sendable, Hashable {
    /// In the snapshot's folder.
    public var name: FilePath.Component
    /// Its copy's name there, which is the run's own.
    public var copy: FilePath.Component
    /// What there was when the snapshot was taken; `nil` when there was nothing. Not known before the snapshot is complete.
    public var content: TreeContent?

    private enum CodingKeys: CodingKey {
        case name, copy, content
    }

    public init(name: FilePath.Component, copy: FilePath.Component, content: TreeContent? = nil) {
        self.name = name
        self.copy = copy
        self.content = content
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func name(_ key: CodingKeys) throws -> FilePath.Component {
            let path = try container.decode(StoredPath.self, forKey: key).path
            guard let name = path.lastComponent, name.kind == .regular, path.length == name.bytes.count else {
                throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "This is no name.")
            }
            return name
        }
        self.init(
            name: try name(.name), copy: try name(.copy),
            content: try container.decodeIfPresent(TreeContent.self, forKey: .content))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(StoredPath(FilePath(root: nil, [name])), forKey: .name)
        try container.encode(StoredPath(FilePath(root: nil, [copy])), forKey: .copy)
        try container.encodeIfPresent(content, forKey: .content)
    }
}

/// What declared commands saved into a folder.
public struct CommandSnapshot: Codable, Sendable, Hashable {
    /// That of the ``DataCommands``: those that are configured when they are needed count, so that a wrong one can be mended.
    public var name: String
    public var folder: StoredPath
    public var isComplete = false
    public var isRestored = false
}
