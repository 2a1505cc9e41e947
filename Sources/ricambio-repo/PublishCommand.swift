// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
internal import ObjectStore
public import Packaging
internal import Platform
internal import SystemPackage

extension Severity: ExpressibleByArgument {}

struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Turns folders into a signed release.",
        discussion: """
            Example: ricambio-repo publish ./repository om-business 2.0 --server linux-x86_64=./build/server \
            --client linux-x86_64=./build/client --notes en=NEWS.txt
            """)

    @Argument(help: "The repository's folder.")
    var directory: String
    @Argument(help: "The product, such as om-business.")
    var product: String
    @Argument(help: "The version, such as 2.0 or 2.1-beta.1.")
    var version: String
    @Option(help: "The channel that gets the release.")
    var channel = "stable"
    @Option(help: ArgumentHelp("The server for a platform; repeat for several.", valueName: "platform=folder"))
    var server: [String] = []
    @Option(help: ArgumentHelp("The client for a platform; repeat for several.", valueName: "platform=folder"))
    var client: [String] = []
    @Option(help: ArgumentHelp("The single-user application for a platform.", valueName: "platform=folder"))
    var standalone: [String] = []
    @Option(help: ArgumentHelp("What is new, from a file; repeat for several languages.", valueName: "language=file"))
    var notes: [String] = []
    @Option(help: "How urgent it is: low, normal, high or critical.")
    var severity = Severity.normal
    @Flag(help: "The new version changes the application's data when it first starts.")
    var migratesData = false
    @Option(help: ArgumentHelp("The oldest version that can be updated to this one.", valueName: "version"))
    var minimumFrom: String?
    @OptionGroup var rollout: RolloutOptions
    @Option(help: "Compression, 1 (fast) to 22 (small).")
    var level = PackWriter.defaultLevel
    @Option(help: ArgumentHelp("Make deltas from so many of the channel's last releases.", valueName: "number"))
    var deltas = 3
    @Option(help: ArgumentHelp("Make one from this version as well; repeat for several.", valueName: "version"))
    var deltaFrom: [String] = []
    @Option(
        help: ArgumentHelp(
            "Put it into an object store as well, as “sync” does.", valueName: "s3://bucket/prefix"))
    var to: String?
    @OptionGroup var store: StoreOptions
    @OptionGroup var passphrase: PassphraseOptions

    func run() async throws {
        let fileSystem = POSIXFileSystem()
        let folder = VendorFolder(path: FilePath(directory), fileSystem: fileSystem)
        let clock = SystemWallClock()
        // What is wrong with them is said before anything is published.
        let target = try to.map { (bucket: try store.bucket($0), credentials: try StoreOptions.credentials()) }
        let publisher = Publisher(
            folder: folder, keys: try passphrase.keys(folder), clock: clock, report: Terminal.complain)
        let parts = try publisher.publish(try request(fileSystem: fileSystem))
        let bytes = parts.reduce(0) { $0 + $1.packBytes }
        Terminal.say("published \(product) \(version) on \(channel): \(Terminal.megabytes(bytes)) in packs")
        if let target { try await upload(folder, to: target.bucket, target.credentials, clock: clock) }
    }

    private func upload(
        _ folder: VendorFolder, to bucket: S3Bucket, _ credentials: Credentials, clock: any WallClock
    ) async throws {
        do {
            let uploaded = try await StoreOptions.withStore(bucket, credentials: credentials, clock: clock) { store in
                try await SyncCommand.sync(folder, to: store, clock: clock, report: Terminal.complain)
            }
            for line in SyncCommand.lines(uploaded, to: bucket) { Terminal.say(line) }
        } catch {
            guard let failure = VendorError(wrapping: error) else { throw error }
            throw VendorError(
                failure.code,
                "\(product) \(version) is published in \(directory), but not in the store; “sync” goes on with it. \(failure.sentence)"
            )
        }
    }

    func request(fileSystem: any FileSystem) throws -> PublishRequest {
        var parts: [PublishRequest.Part] = []
        for (component, values) in [(Component.server, server), (.client, client), (.standalone, standalone)] {
            for value in values {
                let (platform, folder) = try Self.pair(value, of: "--\(component)", like: "linux-x86_64=FOLDER")
                parts.append(.init(component: component, platform: platform, folder: FilePath(folder)))
            }
        }
        var texts: [String: String] = [:]
        for value in notes {
            let (language, file) = try Self.pair(value, of: "--notes", like: "en=FILE")
            guard (2...8).contains(language.count), language.allSatisfy({ $0.isLetter || $0 == "-" }) else {
                throw VendorError(.usage, "--notes: “\(language)” is not a language code such as en or it.")
            }
            guard
                let text = String(validating: try fileSystem.read(FilePath(file), limit: 1 << 20), as: UTF8.self)
            else {
                throw VendorError(.usage, "--notes: \(file) is not a text in UTF-8.")
            }
            guard texts.updateValue(text, forKey: language) == nil else {
                throw VendorError(.usage, "--notes: there are two texts for “\(language)”.")
            }
        }
        return PublishRequest(
            product: product, version: version, channel: channel, parts: parts, notes: texts, severity: severity,
            migratesData: migratesData, minimumFrom: minimumFrom, rollout: rollout.rollout,
            rampHours: rollout.rampHours, level: level, deltas: deltas, deltaFrom: deltaFrom)
    }

    private static func pair(_ value: String, of option: String, like example: String) throws -> (String, String) {
        let halves = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty else {
            throw VendorError(.usage, "\(option): “\(value)” should look like \(example).")
        }
        return (String(halves[0]), String(halves[1]))
    }
}
