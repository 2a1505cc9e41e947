// SPDX-License-Identifier: Apache-2.0
import AgentAPI
public import Foundation
import Packaging

/// A verified release that can be put into a client's folder: what ``ClientUpdate`` found.
public struct AvailableUpdate: Sendable {
    public let product: String
    /// The version that is installed; `nil` when it is not known.
    public let from: String?
    public let version: String
    public let date: Date
    /// Notes by language code.
    public let notes: [String: String]
    /// `low`, `normal`, `high` or `critical`.
    public let severity: String
    /// Bytes to fetch at most.
    public let packBytes: Int64
    /// Bytes of the new folder.
    public let installedBytes: Int64
    /// This very version was put in place before, did not confirm its start and was taken out again. Installing it is
    /// possible, and worth asking the person first.
    public let wasReverted: Bool
    /// The vendor asks that versions as old as the installed one are not used any more.
    public let isOverdue: Bool

    let tree: Tree
    let repository: ReleaseRepository
}

/// How far an update of a client is.
public enum ClientUpdateProgress: Sendable, Hashable {
    /// Bytes fetched, those of an earlier attempt included.
    case downloading(done: Int64, total: Int64)
    /// Bytes written and verified.
    case staging(done: Int64, total: Int64)
    /// The person's files are carried over and the folders change places.
    case swapping
}

/// Where a single-user application finds its releases.
public struct VendorChannel: Sendable, Hashable {
    /// Base URL of the repository.
    public var url: String
    public var product: String
    public var channel: String

    public init(url: String, product: String, channel: String = "stable") {
        self.url = url
        self.product = product
        self.channel = channel
    }
}
