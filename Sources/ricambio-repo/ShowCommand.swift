// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Packaging
internal import Platform
internal import SystemPackage

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what a repository has.")

    @Argument(help: "The repository's folder.")
    var directory: String
    @Argument(help: "Only this product.")
    var product: String?
    @Argument(help: "Only this version.")
    var version: String?
    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let catalog = try Catalog(
            VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem()), clock: SystemWallClock())
        if let product, let version {
            let release = try catalog.release(product, version)
            if json { try Terminal.sayJSON(release) } else { Terminal.say(Self.text(release)) }
        } else if let product {
            let shown = try catalog.product(product)
            if json { try Terminal.sayJSON(shown) } else { Terminal.say(Self.text(shown)) }
        } else {
            let products = try catalog.products.map { try catalog.product($0) }
            if json {
                try Terminal.sayJSON(["products": products])
            } else {
                Terminal.say(products.isEmpty ? "no product yet" : products.map(Self.text).joined(separator: "\n\n"))
            }
        }
    }

    static func text(_ product: ShownProduct) -> String {
        var lines = [product.product]
        for channel in product.channels {
            let recalled = channel.recalled.isEmpty ? "" : ", recalled: " + channel.recalled.joined(separator: " ")
            lines.append(
                "  channel \(channel.channel): \(channel.current), \(text(channel.rollout))\(recalled)"
            )
        }
        lines += product.releases.map { text($0).split(separator: "\n").map { "  " + $0 }.joined(separator: "\n") }
        return lines.joined(separator: "\n")
    }

    private static func text(_ rollout: Rollout) -> String {
        let ramp =
            rollout.rampHours > 0 ? " within \(rollout.rampHours) hours from \(rollout.start.formatted(.iso8601))" : ""
        return "offered to \(rollout.percentage) %\(ramp)"
    }

    static func text(_ release: ShownRelease) -> String {
        var facts = [release.date.formatted(.iso8601), release.severity.rawValue]
        if release.migratesData { facts.append("migrates data") }
        if let from = release.requirements.fromVersion { facts.append("from \(from) on") }
        var lines = ["\(release.product) \(release.version): " + facts.joined(separator: ", ")]
        for part in release.components {
            lines.append(
                "  \(part.component) \(part.platform): \(part.files) files, \(part.installedBytes) bytes, full pack "
                    + "\(part.fullPackBytes) bytes in \(part.frames) frames")
            lines += part.deltas.map { "    delta from \($0.from): \($0.bytes) bytes" }
        }
        return lines.joined(separator: "\n")
    }
}
