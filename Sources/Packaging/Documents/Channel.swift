// SPDX-License-Identifier: Apache-2.0
internal import Crypto
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Who is offered a channel's current release, and when.
public struct Rollout: Sendable, Hashable, Codable {
    /// Share of the installations that are offered it in the end, 0…100.
    public var percentage: Int
    public var start: Date
    /// Hours after `start` in which the share grows evenly from nothing to `percentage`; 0 means at once.
    public var rampHours: Double

    public init(percentage: Int = 100, start: Date, rampHours: Double = 0) {
        self.percentage = percentage
        self.start = start
        self.rampHours = rampHours
    }

    /// Whether the installation with this random, lasting id is offered the release at `now`.
    /// A share that grows never takes back what it offered.
    public func includes(_ installationID: String, at now: Date) -> Bool {
        Self.place(of: installationID) < share(at: now)
    }

    /// Share of the installations at `now`, 0…100.
    public func share(at now: Date) -> Double {
        let hours = now.timeIntervalSince(start) / 3600
        guard hours >= 0 else { return 0 }
        guard rampHours > 0 else { return Double(percentage) }
        return Double(percentage) * min(1, hours / rampHours)
    }

    /// 0 up to, not including, 100: the same for ever for one id, evenly spread over many.
    static func place(of installationID: String) -> Double {
        let digest = SHA256.hash(data: Array(installationID.utf8))
        let number = digest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Double(number) / 4_294_967_296 * 100
    }
}

/// `<product>/channels/<channel>.json`: a named line of releases.
public struct ChannelDocument: Sendable, Hashable, Codable {
    public static let currentFormat = 1

    public var format: Int
    public var product: String
    public var channel: String
    /// The version that installations should have.
    public var current: String
    /// Every version that was published on this channel, newest first.
    public var releases: [String]
    public var rollout: Rollout
    /// Versions that nobody is to install any more.
    public var recalled: [String]
    /// Installations older than this should be updated without delay.
    public var minimum: String?

    public init(
        format: Int = ChannelDocument.currentFormat, product: String, channel: String, current: String,
        releases: [String], rollout: Rollout, recalled: [String] = [], minimum: String? = nil
    ) {
        self.format = format
        self.product = product
        self.channel = channel
        self.current = current
        self.releases = releases
        self.rollout = rollout
        self.recalled = recalled
        self.minimum = minimum
    }
}
