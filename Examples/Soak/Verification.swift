// SPDX-License-Identifier: Apache-2.0

/// What the application has said is on the disk: one line of its `said` file.
struct SaidLine: Hashable, Sendable {
    enum Place: String, Sendable {
        case kept
        case data
        case backup
    }

    var place: Place
    /// Begins with the version that wrote it.
    var text: String

    /// `nil` for half a line: the application was killed while it wrote it.
    init?(_ line: Substring) {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let place = Place(rawValue: String(parts[0])) else { return nil }
        self.place = place
        text = String(parts[1])
    }

    /// A start is called `<version>.<process>.<time>`, a version `<number>.0`.
    var version: String { text.split(separator: ".").prefix(2).joined(separator: ".") }
}

/// What was found when everything had come to rest.
struct Observation: Sendable {
    /// SHA-256 of each file of the live folder, by its path.
    var files: [String: String] = [:]
    /// What the agent says is installed.
    var installed: String?
    /// The version that says it is up, and lives.
    var up: String?
    /// Lines that are in the kept files, in the data, and the whole backups.
    var present: Set<SaidLine> = []
    /// The form of the data: the file, the log beside it (`nil`: there is none), the folder.
    var schemas: (file: String?, log: String?, folder: String?)
    /// What a version complained of when it opened the data.
    var damage: [String] = []
    var preferences: String?
    /// Files of others that were found where they may be.
    var foreign: Set<String> = []
    var isStrangerWhole = true
    /// Entries of `.ricambio/<id>`, without what is retained.
    var stateEntries = 0
    /// Names beside the live folder and the data that nobody expects there.
    var oddNames: [String] = []
    /// The outcome of the run that was ordered in the round; `nil` when there was none.
    var outcome: String?
}

/// What must be so, whatever went wrong.
struct Expectation: Sendable {
    /// The version that was live before the round, and the one that was ordered.
    var from: SoakRelease
    var to: SoakRelease
    /// What was on the disk before the round, and what was said to be in it.
    var settled: Set<SaidLine> = []
    var said: Set<SaidLine> = []
    var preferences: String
    var foreign: Set<String> = []
    var hadFaults: Bool

    /// More entries than a staged version, its kept files and what else an update needs: something is never cleaned up.
    static func maximumStateEntries(liveFiles: Int) -> Int { 4 * liveFiles + 200 }
    static let maximumOddNames = 12

    /// Everything that is not as it must be, each a sentence; empty when all of it is.
    func complaints(_ found: Observation) -> [String] {
        guard let live = live(found) else {
            return ["the live folder is neither \(from.version) nor \(to.version): \(differences(found))"]
        }
        var complaints: [String] = []
        func require(_ isTrue: Bool, _ sentence: @autoclosure () -> String) {
            if !isTrue { complaints.append(sentence()) }
        }
        require(
            found.installed == live.version,
            "\(live.version) is live, and the agent says \(found.installed ?? "nothing")")
        require(found.up == live.version, "\(live.version) is live, and \(found.up ?? "nothing") is up")
        let lost = required(live).subtracting(found.present)
        if let example = lost.min(by: { $0.text < $1.text }) {
            complaints.append(
                "\(lost.count) lines that were on the disk are gone, “\(example.place) \(example.text)” first")
        }
        let schema = "\(live.schema)"
        require(
            found.schemas.file == schema && found.schemas.folder == schema && found.schemas.log ?? schema == schema,
            "\(live.version) works with data of \(schema), and the data is: file \(found.schemas.file ?? "gone"), "
                + "log \(found.schemas.log ?? "none"), folder \(found.schemas.folder ?? "gone")")
        complaints += found.damage
        require(found.preferences == preferences, "the preferences are not the customer's any more")
        let gone = foreign.subtracting(found.foreign)
        require(gone.isEmpty, "foreign files are gone: \(gone.sorted().joined(separator: ", "))")
        require(found.isStrangerWhole, "the folder that somebody had put at _old is gone, or not whole")
        let maximum = Self.maximumStateEntries(liveFiles: found.files.count)
        require(found.stateEntries <= maximum, "\(found.stateEntries) entries are left in the state folder")
        require(
            found.oddNames.count <= Self.maximumOddNames, "left over: \(found.oddNames.joined(separator: ", "))")
        complaints += saying(found, live)
        return complaints
    }

    /// Every file of a version's, as it was published, and none of the other's alone.
    private func live(_ found: Observation) -> SoakRelease? {
        [from, to].first { release in
            release.files.allSatisfy { found.files[$0.key] == $0.value }
                && other(than: release).files.keys.allSatisfy { release.files[$0] != nil || found.files[$0] == nil }
        }
    }

    private func other(than release: SoakRelease) -> SoakRelease {
        release.version == from.version ? to : from
    }

    private func differences(_ found: Observation) -> String {
        if found.files.isEmpty { return "there is none" }
        return [from, to].map { release in
            let wrong = release.files.filter { found.files[$0.key] != $0.value }.keys.sorted()
            return "\(wrong.count) files are not \(release.version)'s\(wrong.first.map { ", \($0) first" } ?? "")"
        }.joined(separator: "; ")
    }

    /// What a version wrote that was rolled back goes with it; everything else stays.
    private func required(_ live: SoakRelease) -> Set<SaidLine> {
        settled.union(said.filter { $0.version == from.version || $0.version == live.version })
    }

    /// Whether the outcome is what happened, and what had to happen when nothing went wrong.
    private func saying(_ found: Observation, _ live: SoakRelease) -> [String] {
        var complaints: [String] = []
        let wasUpdated = live.version == to.version
        if let outcome = found.outcome, (outcome == "updated") != wasUpdated {
            complaints.append("the run ended as “\(outcome)”, and \(live.version) is live")
        }
        if !hadFaults, found.outcome != (to.behaviour.isHealthy ? "updated" : "rolledBack") {
            complaints.append(
                "nothing went wrong, and the update to \(to.version) (\(to.behaviour)) ended as “\(found.outcome ?? "no run")”"
            )
        }
        return complaints
    }

    /// What the next round begins with.
    func settled(after found: Observation) -> Set<SaidLine> {
        guard let live = live(found) else { return settled }
        return required(live)
    }

    /// The version that is live.
    func version(_ found: Observation) -> SoakRelease? { live(found) }
}
