// SPDX-License-Identifier: Apache-2.0

/// Something that a check of a repository has to say.
struct Finding: Hashable, Encodable {
    enum Severity: String, Encodable, Comparable {
        case wrong
        /// Will be wrong soon.
        case warning
        case note

        private var rank: Int {
            switch self {
            case .wrong: 0
            case .warning: 1
            case .note: 2
            }
        }

        static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
    }

    var severity: Severity
    /// A path below the served folder.
    var place: String
    var sentence: String
}

/// What was checked, and what came of it.
struct Report: Encodable {
    struct Role: Encodable, Hashable {
        var role: String
        var version: Int64
        /// ISO 8601.
        var expires: String
    }

    var roles: [Role] = []
    var targets = 0
    var packs = 0
    var packBytes: Int64 = 0
    var findings: [Finding] = []
    /// Paths below the served folder that something refers to.
    var reached: Set<String> = []

    var isSound: Bool { !findings.contains { $0.severity == .wrong } }

    private enum CodingKeys: String, CodingKey {
        case roles, targets, packs, packBytes, findings, sound
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isSound, forKey: .sound)
        try container.encode(roles, forKey: .roles)
        try container.encode(targets, forKey: .targets)
        try container.encode(packs, forKey: .packs)
        try container.encode(packBytes, forKey: .packBytes)
        try container.encode(findings, forKey: .findings)
    }

    mutating func wrong(_ place: String, _ sentence: String) {
        findings.append(Finding(severity: .wrong, place: place, sentence: sentence))
    }

    mutating func warn(_ place: String, _ sentence: String) {
        findings.append(Finding(severity: .warning, place: place, sentence: sentence))
    }

    mutating func note(_ place: String, _ sentence: String) {
        findings.append(Finding(severity: .note, place: place, sentence: sentence))
    }
}
