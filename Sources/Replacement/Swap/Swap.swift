// SPDX-License-Identifier: Apache-2.0
public import Platform
internal import SystemPackage

/// Which two folders change places; part of the caller's journal, and written before anything is moved.
public struct SwapRecord: Codable, Sendable, Hashable {
    public var old: FolderRecord
    public var new: FolderRecord

    public init(old: FolderRecord, new: FolderRecord) {
        self.old = old
        self.new = new
    }
}

/// What is at the live path.
public enum Standing: Sendable, Hashable {
    case old
    case new
    case absent
    case unknown(UnknownFolder)
}

/// Lets the live and the new folder change places, forward and back. It decides by looking at which folder is where,
/// never by remembering what it did, so each call may follow a crash anywhere in another one. What it does not know it
/// does not move, and it replaces nothing.
public struct Swap: Sendable {
    /// The two folders held open during a run: then which is where is certain, and costs no reading.
    public struct Held: Sendable {
        public var old: any Folder
        public var new: any Folder

        public init(old: any Folder, new: any Folder) {
            self.old = old
            self.new = new
        }
    }

    private let place: Place
    private let record: SwapRecord
    private let others: [FolderRecord]
    private let held: Held?
    private let fileSystem: any FileSystem

    /// - Parameter others: the retired releases that are still kept, newest first. The newest is `<name>_old`, the others
    ///   are below ``Place/retained``.
    public init(
        _ place: Place, _ record: SwapRecord, others: [FolderRecord] = [], held: Held? = nil,
        fileSystem: any FileSystem
    ) {
        self.place = place
        self.record = record
        self.others = others
        self.held = held
        self.fileSystem = fileSystem
    }

    public func look() throws(ReplacementError) -> Standing {
        var board = try board()
        return try board.standing()
    }

    /// Makes sure that one of the two is at the live path: on the two-rename path there is an instant without one. The
    /// old one when there is a choice. An unknown folder there is answered and left alone; `missing` when the live path
    /// is empty and neither is found.
    @discardableResult
    public func repair() throws(ReplacementError) -> Standing {
        var board = try board()
        return try repair(&board)
    }

    private func repair(_ board: inout SwapBoard) throws(ReplacementError) -> Standing {
        let standing = try board.standing()
        guard standing == .absent else { return standing }
        for wanted in [Role.old, .new] {
            for position in [Position.old, .staged] where try board.role(position) == wanted {
                try board.move(position, to: .live)
                try board.sync()
                return try board.standing()
            }
        }
        throw ReplacementError(.missing, path: place.live)
    }

    /// The new folder is live, the old one is `<name>_old`, and a `<name>_old` of earlier is among the retained ones.
    /// All of it is durable when it returns.
    ///
    /// Throws `missing` or `unknown` when the live or the new folder is not what it has to be, `inTheWay` when
    /// something stands at `<name>_old` that is no recorded release.
    public func forward() throws(ReplacementError) {
        var board = try board()
        switch try repair(&board) {
        case .new: break
        case .old: try putNewInPlace(&board)
        case .absent: throw ReplacementError(.missing, path: place.live)
        case .unknown(let why): throw ReplacementError(.unknown(why), path: place.live)
        }
        if try board.role(.staged) == .old {
            try board.makeRoomForOld()
            try board.move(.staged, to: .old)
        }
        try board.sync()
    }

    private func putNewInPlace(_ board: inout SwapBoard) throws(ReplacementError) {
        // Where a crash while going back has left it.
        if try board.role(.old) == .new { try board.move(.old, to: .staged) }
        try board.require(.new, at: .staged)
        try board.makeRoomForOld()
        if try !board.exchange(.live, with: .staged) {
            try board.move(.live, to: .old)
            try board.sync()
            try board.move(.staged, to: .live)
        }
        try board.sync()
    }

    /// The old folder is live, the new one is where it was built, and a `<name>_old` of earlier is back too. All of it is
    /// durable when it returns. Throws as ``forward()`` does; when only tidying up failed, ``look()`` answers `old`.
    public func back() throws(ReplacementError) {
        var board = try board()
        switch try repair(&board) {
        case .old: break
        case .new: try putOldInPlace(&board)
        case .absent: throw ReplacementError(.missing, path: place.live)
        case .unknown(let why): throw ReplacementError(.unknown(why), path: place.live)
        }
        if try board.role(.old) == .new { try board.move(.old, to: .staged) }
        if try board.role(.old) == .absent { try board.returnEarlierOld() }
        try board.sync()
    }

    private func putOldInPlace(_ board: inout SwapBoard) throws(ReplacementError) {
        let isStaged = try board.role(.staged) == .old
        if !isStaged { try board.require(.old, at: .old) }
        if try !board.exchange(.live, with: isStaged ? .staged : .old) {
            if isStaged {
                // The new one needs the place where it was built.
                try board.makeRoomForOld()
                try board.move(.staged, to: .old)
            }
            try board.move(.live, to: .staged)
            try board.sync()
            try board.move(.old, to: .live)
        }
        try board.sync()
    }

    private func board() throws(ReplacementError) -> SwapBoard {
        try SwapBoard(place, record, others: others, held: held, fileSystem: fileSystem)
    }
}
