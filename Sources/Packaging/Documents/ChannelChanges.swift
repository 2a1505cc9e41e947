// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What a vendor does with a channel. Each change is a value: the document after it.
extension ChannelDocument {
    /// With `version` among its releases, and current unless something newer is.
    public func adding(_ version: String, rollout: Rollout) -> ChannelDocument {
        var channel = self
        if !releases.contains(version) { channel.releases = Self.newestFirst(releases + [version]) }
        guard !Self.isOlder(version, than: current) else { return channel }
        channel.current = version
        channel.rollout = rollout
        return channel
    }

    /// With `version` offered to nobody. When it was the current one, the newest release that is left is current
    /// again, for everybody; when none is left, nothing is offered. Installations that have it keep it.
    public func recalling(_ version: String, at now: Date) -> ChannelDocument {
        var channel = self
        if !recalled.contains(version) { channel.recalled = Self.newestFirst(recalled + [version]) }
        guard version == current, let left = releases.first(where: { !channel.recalled.contains($0) }) else {
            return channel
        }
        channel.current = left
        channel.rollout = Rollout(start: now)
        return channel
    }

    /// With `version` on offer again, and current if nothing newer is.
    public func reinstating(_ version: String, rollout: Rollout) -> ChannelDocument {
        guard recalled.contains(version) else { return self }
        var channel = self
        channel.recalled.removeAll { $0 == version }
        return releases.contains(version) ? channel.adding(version, rollout: rollout) : channel
    }

    /// With another share for the current release. Who is offered it now goes on being offered it if the share
    /// grows: a ramp begins at the share of this moment.
    public func rollingOut(percentage: Int, rampHours: Double, at now: Date) -> ChannelDocument {
        var channel = self
        let share = rollout.share(at: now)
        guard percentage > 0, Double(percentage) > share, rampHours > 0 else {
            channel.rollout = Rollout(percentage: percentage, start: now)
            return channel
        }
        // The ramp of which `share` is already behind us.
        let behind = rampHours * 3600 * share / Double(percentage)
        // Whole seconds, as documents have them; earlier rather than later, so that nothing is taken back.
        let start = Date(timeIntervalSince1970: (now.timeIntervalSince1970 - behind).rounded(.down))
        channel.rollout = Rollout(percentage: percentage, start: start, rampHours: rampHours)
        return channel
    }

    /// With no more than the newest `count` releases, and those that are current, the minimum, or newer than either.
    public func keepingNewest(_ count: Int) -> ChannelDocument {
        var channel = self
        channel.releases = releases.enumerated().filter { index, version in
            index < count || version == current || minimum.map { !Self.isOlder(version, than: $0) } ?? false
        }.map(\.element)
        return channel
    }

    private static func newestFirst(_ versions: [String]) -> [String] {
        versions.sorted { isOlder($1, than: $0) }
    }

    private static func isOlder(_ a: String, than b: String) -> Bool {
        guard let a = Version(a), let b = Version(b) else { return false }
        return a < b
    }
}
