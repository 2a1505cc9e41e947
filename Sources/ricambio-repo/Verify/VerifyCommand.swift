// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import HTTPFetcher
internal import Packaging
internal import Platform
internal import SystemPackage
internal import TUF

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks a repository as a stranger would, and reports everything that is wrong.",
        discussion: """
            Reads all of it, from the root that customers were given: signatures, versions, expiry dates, every target and \
            pack by its hash, and whether the documents agree. Needs no key. Ends with 6 when something is wrong.
            """)

    @Argument(help: "The repository's folder, or the address that customers use.")
    var repository: String
    @Option(
        help: ArgumentHelp(
            "The root that customers were given; DIR/public/metadata/1.root.json otherwise.", valueName: "file"))
    var root: String?
    @Flag(help: "Unpack every pack as well, and hash the files in it.")
    var deep = false
    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let report = try await check()
        if json {
            try Terminal.sayJSON(report)
        } else {
            for line in Self.lines(report) { Terminal.say(line) }
        }
        guard report.isSound else { throw VendorError(.damaged, "The repository is not sound.") }
    }

    private func check() async throws -> Report {
        let fileSystem = POSIXFileSystem()
        let isRemote = repository.hasPrefix("http://") || repository.hasPrefix("https://")
        guard isRemote else {
            let folder = VendorFolder(path: FilePath(repository), fileSystem: fileSystem)
            guard try fileSystem.exists(folder.layout.metadata) else {
                throw VendorError(.notFound, "\(repository) is no repository.")
            }
            let root = try fileSystem.read(root.map { FilePath($0) } ?? folder.layout.firstRoot, limit: 1 << 20)
            return try await Self.verify(
                folder, root: root, now: Date(), workshop: deep ? Self.workshop(fileSystem) : nil)
        }
        guard let root else {
            throw VendorError(.usage, "--root is needed: a repository cannot vouch for its own root.")
        }
        let fetcher = HTTPFetcher(environment: ProcessInfo.processInfo.environment)
        let workshop = deep ? try Self.workshop(fileSystem) : nil
        defer { if let workshop { try? fileSystem.removeTree(workshop) } }
        let report = await Self.verify(
            fetcher, url: repository.hasSuffix("/") ? repository : repository + "/",
            root: try fileSystem.read(FilePath(root), limit: 1 << 20), now: Date(), workshop: workshop,
            fileSystem: fileSystem)
        await fetcher.shutdown()
        return report
    }

    private static let folderURL = "file:///"

    /// Of a folder: what is served and nothing refers to is found too.
    static func verify(
        _ folder: VendorFolder, root: [UInt8], now: Date, workshop: FilePath? = nil
    ) async throws -> Report {
        defer { if let workshop { try? folder.fileSystem.removeTree(workshop) } }
        let source = FolderFetcher(folder.layout.served, url: folderURL, fileSystem: folder.fileSystem)
        var report = await verify(
            source, url: folderURL, root: root, now: now, workshop: workshop, fileSystem: folder.fileSystem)
        try FolderCheck(folder: folder.layout.served, fileSystem: folder.fileSystem).run(&report)
        return report
    }

    static func verify(
        _ source: any Fetcher, url: String, root: [UInt8], now: Date, workshop: FilePath?, fileSystem: any FileSystem
    ) async -> Report {
        var metadata = MetadataCheck(source: source, url: url, now: now)
        await metadata.run(trustedRoot: root)
        var content = ContentCheck(
            source: source, url: url, workshop: workshop, fileSystem: fileSystem, report: metadata.report)
        await content.run(metadata.targets)
        return content.report
    }

    private static func workshop(_ fileSystem: any FileSystem) throws -> FilePath {
        let folder = FilePath(NSTemporaryDirectory()).appending("ricambio-verify-\(UUID().uuidString)")
        try fileSystem.makeDirectories(folder, permissions: 0o700)
        return folder
    }

    static func lines(_ report: Report) -> [String] {
        var lines = report.roles.map { "\($0.role) version \($0.version), valid until \($0.expires)" }
        lines.append("\(report.targets) targets, \(report.packs) packs, \(Terminal.megabytes(report.packBytes))")
        let sorted = report.findings.enumerated().sorted {
            ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset)
        }
        lines += sorted.map { "\($0.element.severity.rawValue): \($0.element.place): \($0.element.sentence)" }
        let wrong = report.findings.count { $0.severity == .wrong }
        lines.append(wrong == 0 ? "sound" : "\(wrong) things are wrong")
        return lines
    }
}
