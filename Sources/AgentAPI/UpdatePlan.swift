// SPDX-License-Identifier: Apache-2.0

/// How a run gets the new version's content: what was weighed, and what was taken.
public struct ContentSummary: Codable, Sendable, Hashable {
    public struct Choice: Codable, Sendable, Hashable {
        /// `nothing`, `delta`, `ranges` or `pack`.
        public var way: String
        /// To fetch.
        public var bytes: Int64
        public var requests: Int

        public init(way: String, bytes: Int64, requests: Int) {
            self.way = way
            self.bytes = bytes
            self.requests = requests
        }
    }

    /// `nothing`, `delta`, `ranges` or `pack`.
    public var way: String
    /// Bytes that have to be fetched.
    public var bytesFetched: Int64
    /// Bytes of the new version that come from what is installed.
    public var bytesReused: Int64
    /// Requests for content, besides those for metadata.
    public var requests: Int
    /// All ways that were possible, the one taken first.
    public var choices: [Choice]

    public init(way: String, bytesFetched: Int64, bytesReused: Int64, requests: Int, choices: [Choice]) {
        self.way = way
        self.bytesFetched = bytesFetched
        self.bytesReused = bytesReused
        self.requests = requests
        self.choices = choices
    }

    /// For the log: what was taken, and what else there was.
    public var sentence: String {
        let others = choices.dropFirst().map { "\($0.way) \($0.bytes) bytes in \($0.requests)" }
        let why = others.isEmpty ? "no other way" : "cheaper than " + others.joined(separator: ", ")
        return "\(way), \(bytesFetched) bytes to fetch in \(requests) requests, \(bytesReused) bytes reused; \(why)"
    }
}

/// What an update would take, and what it would do with the customer's own files: `GET /v1/installations/{id}/plan`.
public struct UpdatePlan: Codable, Sendable, Hashable {
    public var from: String
    public var to: String
    public var content: ContentSummary
    /// Of the new version, unpacked.
    public var installedBytes: Int64
    /// Why the update would be refused at this moment; empty when it would begin.
    public var obstacles: [Failure]
    /// Files in the application folder that are neither the vendor's nor kept: relative paths, readable, at most
    /// ``CustomerFiles/maximumListed`` of them.
    public var foreign: [String]
    /// How many there are in all.
    public var foreignCount: Int
    /// What the new folder cannot have of the customer's files, at most ``CustomerFiles/maximumListed`` of them.
    public var notCarried: [NotCarriedFile]
    /// How many there are in all.
    public var notCarriedCount: Int
    /// Kept files.
    public var keptCount: Int
    /// What copying the kept files takes on the disk.
    public var keptBytes: Int64
    /// Seconds that the old folder is kept after the update.
    public var retention: Double
    /// Where the old folder will be then, absolute; `nil` when it is not known or ``retention`` is 0.
    public var oldFolder: String?

    public init(
        from: String, to: String, content: ContentSummary, installedBytes: Int64, obstacles: [Failure],
        foreign: [String] = [], foreignCount: Int = 0, notCarried: [NotCarriedFile] = [], notCarriedCount: Int = 0,
        keptCount: Int = 0, keptBytes: Int64 = 0, retention: Double = 0, oldFolder: String? = nil
    ) {
        self.from = from
        self.to = to
        self.content = content
        self.installedBytes = installedBytes
        self.obstacles = obstacles
        self.foreign = CustomerFiles.listed(foreign)
        self.foreignCount = max(foreignCount, foreign.count)
        self.notCarried = CustomerFiles.listed(notCarried)
        self.notCarriedCount = max(notCarriedCount, notCarried.count)
        self.keptCount = keptCount
        self.keptBytes = keptBytes
        self.retention = retention
        self.oldFolder = oldFolder
    }

    // Agents before this one said nothing of the customer's files.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            from: try container.decode(String.self, forKey: .from), to: try container.decode(String.self, forKey: .to),
            content: try container.decode(ContentSummary.self, forKey: .content),
            installedBytes: try container.decode(Int64.self, forKey: .installedBytes),
            obstacles: try container.decode([Failure].self, forKey: .obstacles),
            foreign: try container.decodeIfPresent([String].self, forKey: .foreign) ?? [],
            foreignCount: try container.decodeIfPresent(Int.self, forKey: .foreignCount) ?? 0,
            notCarried: try container.decodeIfPresent([NotCarriedFile].self, forKey: .notCarried) ?? [],
            notCarriedCount: try container.decodeIfPresent(Int.self, forKey: .notCarriedCount) ?? 0,
            keptCount: try container.decodeIfPresent(Int.self, forKey: .keptCount) ?? 0,
            keptBytes: try container.decodeIfPresent(Int64.self, forKey: .keptBytes) ?? 0,
            retention: try container.decodeIfPresent(Double.self, forKey: .retention) ?? 0,
            oldFolder: try container.decodeIfPresent(String.self, forKey: .oldFolder))
    }
}
