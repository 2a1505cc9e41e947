// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// The rule of identity, without a file system: which of the records a folder is.
struct Recognition {
    /// Each id once.
    let records: [FolderRecord]
    /// Records of one release: by content they are the same, and the first that was given is meant.
    private let releases: [[FolderRecord]]
    /// By each release's index: those of its witnesses that no other release has too, which therefore tell.
    private let telling: [Set<Witness>]

    init(_ records: [FolderRecord]) {
        var ids: Set<String> = []
        self.records = records.filter { ids.insert($0.id).inserted }
        var (places, releases): ([String: Int], [[FolderRecord]]) = ([:], [])
        for record in self.records {
            let release = record.tree.isEmpty ? "id \(record.id)" : record.tree
            let place = places[release] ?? releases.count
            if place == releases.count {
                places[release] = place
                releases.append([])
            }
            releases[place].append(record)
        }
        self.releases = releases
        let witnesses = releases.map { Set($0.flatMap(\.witnesses)) }
        var count: [Witness: Int] = [:]
        for witness in witnesses.joined() { count[witness, default: 0] += 1 }
        telling = witnesses.map { $0.filter { count[$0] == 1 } }
    }

    /// All whose match has to be known for ``byWitnesses(_:matching:)``.
    var witnesses: Set<Witness> { telling.reduce(into: []) { $0.formUnion($1) } }

    /// `nil` when the inode does not tell.
    func byInode(_ folder: FileAttributes) -> Found? {
        // Inodes are given again; only with its birth time one is a folder's own.
        guard folder.born != 0 else { return nil }
        let same = records.filter { $0.inode == folder.inode && $0.born == folder.born }
        guard let record = same.first else { return nil }
        return same.count == 1 ? .known(record, .inode) : .unknown(.atTwoPlaces)
    }

    /// Some of one record's witnesses and none of the others'. At least half of them, since the customer may have
    /// edited some, and a third release, unpacked by hand, has some too; more than half when there is no other record
    /// to tell it from, since a licence text alone proves nothing.
    func byWitnesses(_ folder: FileAttributes, matching: Set<Witness>) -> Found {
        let matches = telling.map { $0.intersection(matching).count }
        let candidates = releases.indices.filter { matches[$0] > 0 }
        guard candidates.count <= 1 else { return .unknown(.mixed) }
        guard let index = candidates.first else { return byInodeAlone(folder) }
        let (found, all) = (matches[index], telling[index].count)
        let byInode = releases[index].first { hasInode($0, folder) }
        guard byInode != nil || (releases.count == 1 ? found * 2 > all : found * 2 >= all) else {
            return .unknown(.nothingMatches)
        }
        return .known((byInode ?? releases[index][0]).renewed(folder), .witnesses)
    }

    /// Without birth times and without anything that tells by content, while no other record could be meant.
    private func byInodeAlone(_ folder: FileAttributes) -> Found {
        let mute = releases.indices.filter { telling[$0].isEmpty }
        guard let index = mute.first else { return .unknown(.nothingMatches) }
        guard mute.count == 1, releases[index].allSatisfy(\.witnesses.isEmpty),
            let record = releases[index].first(where: { hasInode($0, folder) })
        else { return .unknown(.noDifference) }
        return .known(record, .witnesses)
    }

    /// Where there are no birth times: a hint.
    private func hasInode(_ record: FolderRecord, _ folder: FileAttributes) -> Bool {
        record.born == 0 && folder.born == 0 && record.inode == folder.inode
    }

    /// What was found at several places, by what it is: one record is at one of them. It is where its inode is; else
    /// nobody can say which is the copy.
    static func together(_ found: [Found]) -> [Found] {
        var places: [String: [Int]] = [:]
        for (index, found) in found.enumerated() {
            if case .known(let record, _) = found { places[record.id, default: []].append(index) }
        }
        var result = found
        for indices in places.values where indices.count > 1 {
            let certain = indices.filter { if case .known(_, .inode) = found[$0] { true } else { false } }
            for index in indices where certain.count != 1 || index != certain[0] {
                result[index] = .unknown(.atTwoPlaces)
            }
        }
        return result
    }
}
