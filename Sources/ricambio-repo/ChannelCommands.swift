// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Packaging
internal import Platform
internal import SystemPackage

internal import TUFRepository

/// The arguments and the work that commands on channels have in common.
struct ChannelOptions: ParsableArguments {
    @Argument(help: "The repository's folder.")
    var directory: String
    @Argument(help: "Whose channels.")
    var product: String
    @OptionGroup var passphrase: PassphraseOptions

    /// Changes channels and publishes them; what `change` answers is for people.
    func change(_ change: (inout Channels, Date) throws -> [String]) throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let clock = SystemWallClock()
        var channels = try Channels(product, in: try folder.edit(clock: clock, keys: try passphrase.keys(folder)))
        let lines = try change(&channels, clock.now)
        try channels.editor.commit()
        for line in lines { Terminal.say(line) }
    }
}

struct RolloutOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Share of the installations that are offered it, 0 to 100.", valueName: "percent"))
    var rollout = 100
    @Option(help: ArgumentHelp("Hours in which the share grows evenly from nothing to that.", valueName: "hours"))
    var rampHours = 0.0

    func validate() throws {
        guard (0...100).contains(rollout) else { throw ValidationError("--rollout is a percentage, 0 to 100.") }
        guard rampHours >= 0, rampHours <= 8760 else { throw ValidationError("--ramp-hours is from 0 to 8760.") }
    }

    func rollout(at now: Date) -> Rollout { Rollout(percentage: rollout, start: now, rampHours: rampHours) }
}

struct RecallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recall", abstract: "Takes a release back: nobody is offered it or can install it any more.",
        discussion: """
            Where it was the current release, the newest one that is left becomes current. Installations that have it keep it \
            until their administrator chooses another version; clients ask to be updated without delay.
            """)

    @OptionGroup var options: ChannelOptions
    @Argument(help: "The version to take back.")
    var version: String
    @Option(help: "Only on this channel; repeat for several. Otherwise on every channel that has it.")
    var channel: [String] = []
    @Flag(help: "Offer it again.")
    var undo = false

    func run() async throws {
        try options.change { channels, now in try Self.recall(version, on: channel, undo: undo, in: &channels, at: now)
        }
    }

    static func recall(
        _ text: String, on names: [String], undo: Bool, in channels: inout Channels, at now: Date
    ) throws -> [String] {
        let version = try channels.spelling(of: text)
        let chosen =
            try names.isEmpty
            ? channels.all().filter { $0.releases.contains(version) || $0.recalled.contains(version) }
            : names.map { try channels.named($0) }
        guard !chosen.isEmpty else {
            throw VendorError(.notFound, "No channel of \(channels.product) has \(version).")
        }
        var lines: [String] = []
        for channel in chosen {
            guard channel.releases.contains(version) else {
                throw VendorError(.notFound, "The channel \(channel.channel) does not have \(version).")
            }
            let changed =
                undo
                ? channel.reinstating(version, rollout: Rollout(start: now)) : channel.recalling(version, at: now)
            guard changed != channel else {
                lines.append("\(channel.channel): \(version) is \(undo ? "not recalled" : "recalled already")")
                continue
            }
            try channels.put(changed)
            lines.append("\(channel.channel): " + sentence(version, undo: undo, changed))
        }
        return lines
    }

    private static func sentence(_ version: String, undo: Bool, _ channel: ChannelDocument) -> String {
        if undo { return "\(version) can be installed again; \(channel.current) is offered" }
        return channel.recalled.contains(channel.current)
            ? "\(version) is recalled, and no release is left: nothing is offered"
            : "\(version) is recalled; \(channel.current) is offered"
    }
}

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Puts a release that was published on one channel on another one.")

    @OptionGroup var options: ChannelOptions
    @Argument(help: "The version.")
    var version: String
    @Option(help: "The channel that must have it.")
    var from: String?
    @Option(help: "The channel that gets it; it is made when it does not exist.")
    var to: String
    @OptionGroup var rollout: RolloutOptions

    func run() async throws {
        try options.change { channels, now in
            try Self.promote(version, from: from, to: to, rollout: rollout.rollout(at: now), in: &channels)
        }
    }

    static func promote(
        _ text: String, from: String?, to name: String, rollout: Rollout, in channels: inout Channels
    ) throws -> [String] {
        let version = try channels.spelling(of: text)
        guard RepositoryNames.isValid(channel: name) else {
            throw VendorError(
                .usage, "“\(name)” cannot name a channel: lower-case letters, digits and “-”, at most 64.")
        }
        if let from {
            let source = try channels.named(from)
            guard source.releases.contains(version), !source.recalled.contains(version) else {
                throw VendorError(.refused, "The channel \(from) does not have \(version), or has recalled it.")
            }
        }
        let existing = try channels.all().first { $0.channel == name }
        if existing?.recalled.contains(version) == true {
            throw VendorError(
                .refused, "The channel \(name) has recalled \(version); “recall --undo” offers it again.")
        }
        let target =
            existing
            ?? ChannelDocument(
                product: channels.product, channel: name, current: version, releases: [version], rollout: rollout)
        let changed = target.adding(version, rollout: rollout)
        try channels.put(changed)
        return [
            changed.current == version
                ? "\(name): \(version) is offered to \(rollout.percentage) %"
                : "\(name): \(version) can be installed; \(changed.current), which is newer, is offered"
        ]
    }
}

struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Changes the share of the installations that are offered the current release.",
        discussion: """
            While the share grows, whoever is offered the release goes on being offered it: a ramp begins at the share of \
            this moment. 0 pauses the roll-out.
            """)

    @OptionGroup var options: ChannelOptions
    @Option(help: "Whose roll-out.")
    var channel = "stable"
    @Option(help: ArgumentHelp("The share in the end, 0 to 100.", valueName: "percent"))
    var percentage: Int
    @Option(help: ArgumentHelp("Hours in which it is reached.", valueName: "hours"))
    var rampHours = 0.0

    func validate() throws {
        guard (0...100).contains(percentage) else { throw ValidationError("--percentage is from 0 to 100.") }
        guard rampHours >= 0, rampHours <= 8760 else { throw ValidationError("--ramp-hours is from 0 to 8760.") }
    }

    func run() async throws {
        try options.change { channels, now in
            try Self.roll(channel, percentage: percentage, rampHours: rampHours, in: &channels, at: now)
        }
    }

    static func roll(
        _ name: String, percentage: Int, rampHours: Double, in channels: inout Channels, at now: Date
    ) throws -> [String] {
        let channel = try channels.named(name)
        let (before, changed) = (
            channel.rollout.share(at: now),
            channel.rollingOut(
                percentage: percentage, rampHours: rampHours, at: now)
        )
        try channels.put(changed)
        var lines = ["\(name): \(channel.current) is offered to \(share(changed.rollout.share(at: now))) % now"]
        if rampHours > 0, Double(percentage) > before {
            lines[0] += ", growing to \(percentage) %"
        }
        if Double(percentage) < before {
            lines.append(
                "note: \(share(before)) % were offered it; those above \(percentage) % are not any more, and keep what "
                    + "they have installed")
        }
        return lines
    }

    private static func share(_ share: Double) -> String {
        share == share.rounded() ? "\(Int(share))" : String(format: "%.1f", share)
    }
}
