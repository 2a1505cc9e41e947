// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Where one of the two folders may be.
enum Position: CaseIterable {
    case live
    case old
    case staged
}

/// What a folder is in a swap.
enum Role: Hashable {
    case absent
    case old
    case new
    /// An earlier release that is still kept.
    case other(FolderRecord)
    case unknown(UnknownFolder)
}

/// What stands at the three positions during one call of ``Swap``. It is looked at once, and again where it was moved.
struct SwapBoard {
    private let place: Place
    private let record: SwapRecord
    private let others: [FolderRecord]
    /// Those of the folders that are held open.
    private let held: (old: FolderMark, new: FolderMark)?
    private let state: any Folder
    private let live: Spot
    private let old: Spot
    private var sightings: [Position: Sighting] = [:]

    init(
        _ place: Place, _ record: SwapRecord, others: [FolderRecord], held: Swap.Held?, fileSystem: any FileSystem
    ) throws(ReplacementError) {
        (self.place, self.record, self.others) = (place, record, others)
        do throws(FileError) {
            guard let live = try fileSystem.spot(place.live), let oldName = place.old.lastComponent else {
                throw FileError(.notFound, operation: "open the folder", path: place.parent)
            }
            self.live = live
            old = Spot(folder: live.folder, name: oldName)
            state = try fileSystem.folder(place.state)
            self.held = try held.map { held throws(FileError) in
                (FolderMark(try held.old.attributes()), FolderMark(try held.new.attributes()))
            }
        } catch {
            throw ReplacementError(error)
        }
    }

    private func spot(_ position: Position) -> Spot {
        switch position {
        case .live: live
        case .old: old
        case .staged: Spot(folder: state, name: "staged")
        }
    }

    private var records: [FolderRecord] { [record.old, record.new] + others }
    private func sighting(_ position: Position) -> Sighting { sightings[position] ?? .absent }

    // MARK: - Looking

    /// What is at the live path. An inode is certain; only what was known by its content could be a copy of what stands
    /// elsewhere. So an application whose folder is in place starts, whatever ails the other places.
    mutating func standing() throws(ReplacementError) -> Standing {
        let found = if let seen = sightings[.live] { seen.found } else { try look(.live).found }
        let role = if case .known(_, .witnesses) = found { try role(.live) } else { role(found) }
        switch role {
        case .absent: return .absent
        case .old: return .old
        case .new: return .new
        case .other: return .unknown(.retired)
        case .unknown(let why): return .unknown(why)
        }
    }

    mutating func role(_ position: Position) throws(ReplacementError) -> Role {
        if sightings.isEmpty {
            var seen: [Sighting] = []
            for position in Position.allCases { seen.append(try look(position)) }
            let found = Recognition.together(seen.map(\.found))
            for (index, position) in Position.allCases.enumerated() {
                sightings[position] = Sighting(found: found[index], mark: seen[index].mark)
            }
        }
        return role(sighting(position).found)
    }

    private func role(_ found: Found) -> Role {
        switch found {
        case .absent: .absent
        case .known(let known, _) where known.id == record.old.id: .old
        case .known(let known, _) where known.id == record.new.id: .new
        case .known(let known, _): .other(known)
        case .unknown(let why): .unknown(why)
        }
    }

    private func look(_ position: Position) throws(ReplacementError) -> Sighting {
        try ReplacementError.files { () throws(FileError) in
            guard let held else { return try spot(position).look(among: records) }
            guard let mark = try spot(position).mark() else { return .absent }
            if mark == held.old { return Sighting(found: .known(record.old, .inode), mark: mark) }
            if mark == held.new { return Sighting(found: .known(record.new, .inode), mark: mark) }
            // Neither of the two, so only a retired release is left for it to be.
            return try spot(position).look(among: others)
        }
    }

    /// `missing` when nothing is there, `unknown` when it is something else.
    mutating func require(_ wanted: Role, at position: Position) throws(ReplacementError) {
        let path = spot(position).path
        switch try role(position) {
        case wanted: return
        case .unknown(let why): throw ReplacementError(.unknown(why), path: path)
        case .other: throw ReplacementError(.unknown(.retired), path: path)
        case .absent, .old, .new: throw ReplacementError(.missing, path: path)
        }
    }

    // MARK: - Moving

    mutating func move(_ position: Position, to other: Position) throws(ReplacementError) {
        try spot(position).move(to: spot(other), expecting: sighting(position), among: records)
        sightings[other] = sightings[position]
        sightings[position] = .absent
    }

    /// `false` when this file system has no exchange.
    mutating func exchange(_ position: Position, with other: Position) throws(ReplacementError) -> Bool {
        let exchanged = try spot(position).exchange(
            with: spot(other), expecting: sighting(position), and: sighting(other), among: records)
        if exchanged { (sightings[position], sightings[other]) = (sightings[other], sightings[position]) }
        return exchanged
    }

    /// Moves a retired release away from `<name>_old`, to the other retained ones. `inTheWay` when what is there is none.
    mutating func makeRoomForOld() throws(ReplacementError) {
        switch try role(.old) {
        case .absent: return
        case .other(let earlier):
            let name = try earlier.fileName()
            let retained = try ReplacementError.files { () throws(FileError) in
                try state.folder("retained", makingIt: 0o700)
            }
            try old.move(to: Spot(folder: retained, name: name), expecting: sighting(.old), among: records)
            try ReplacementError.files { () throws(FileError) in try retained.sync() }
            sightings[.old] = .absent
        case .old, .new, .unknown: throw ReplacementError(.inTheWay, path: old.path)
        }
    }

    /// The newest of the retained releases is `<name>_old` again.
    mutating func returnEarlierOld() throws(ReplacementError) {
        guard let retained = try ReplacementError.files({ () throws(FileError) in try state.folder(at: "retained") })
        else { return }
        for earlier in others {
            let spot = Spot(folder: retained, name: try earlier.fileName())
            let sighting = try ReplacementError.files { () throws(FileError) in try spot.look(among: records) }
            switch sighting.found {
            case .absent: continue
            case .known(let found, _) where found.id == earlier.id:
                try spot.move(to: old, expecting: sighting, among: records)
                sightings[.old] = sighting
                return try ReplacementError.files { () throws(FileError) in try retained.sync() }
            // Left alone, and no older one in its stead.
            case .known, .unknown: return
            }
        }
    }

    /// Both folders in which names changed, the one with the application first.
    func sync() throws(ReplacementError) {
        try ReplacementError.files { () throws(FileError) in
            try live.folder.sync()
            try state.sync()
        }
    }
}

extension Folder {
    /// The folder of this name, made when it is not there.
    func folder(_ name: FilePath.Component, makingIt permissions: UInt16) throws(FileError) -> any Folder {
        do {
            return try folder(name)
        } catch  where error.code == .notFound {
            return try makeFolder(name, permissions: permissions)
        }
    }
}
