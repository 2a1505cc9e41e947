// SPDX-License-Identifier: Apache-2.0
import Foundation
import Installation
import Packaging

/// What a channel has for one installation: by itself, and when it is asked for a version by name.
struct Offer {
    let channel: ChannelDocument
    /// The version that is installed.
    let installed: String?
    /// Random and lasting: the place in a roll-out.
    let installationID: String
    let now: Date

    /// What the channel offers by itself; `nil` when there is nothing newer, or not yet here.
    var available: String? {
        guard isNewer, !channel.recalled.contains(channel.current) else { return nil }
        return channel.rollout.includes(installationID, at: now) ? channel.current : nil
    }

    private var isNewer: Bool {
        guard let installed, let new = Version(channel.current), let old = Version(installed) else { return false }
        return new > old
    }

    /// The version that an order means; `nil` wants what is offered. Who names a version gets it whatever the
    /// roll-out says: the name is how one customer tries it before the others.
    func version(for wanted: String?) throws(UpdateFailure) -> String {
        guard let wanted else { return try automatic() }
        let version = try spelling(of: wanted)
        if let installed, Version(installed) == Version(version) {
            throw UpdateFailure(.alreadyInstalled, ["version": installed])
        }
        guard !channel.recalled.contains(version) else {
            throw UpdateFailure(.releaseRecalled, ["version": version])
        }
        return version
    }

    /// A version as the channel writes it, so that `2.0.0` is its `2.0`.
    func spelling(of wanted: String) throws(UpdateFailure) -> String {
        let text = wanted.trimmingCharacters(in: .whitespaces)
        guard let version = Version(text), let found = channel.releases.first(where: { Version($0) == version }) else {
            let shown = text.isEmpty ? "“”" : String(text.prefix(Version.maximumLength))
            throw UpdateFailure(.releaseUnknown, ["version": shown, "channel": channel.channel])
        }
        return found
    }

    private func automatic() throws(UpdateFailure) -> String {
        if let available { return available }
        guard isNewer || installed == nil else {
            throw UpdateFailure(.alreadyInstalled, ["version": installed ?? channel.current])
        }
        let isRecalled = channel.recalled.contains(channel.current)
        throw UpdateFailure(isRecalled ? .releaseRecalled : .notOfferedYet, ["version": channel.current])
    }
}
