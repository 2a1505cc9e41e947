// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Logging
import Packaging
import Platform
import Replacement
import ServiceControl
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Two releases, made once: packing is not what these tests are about.
struct Vendor: Sendable {
    static let shared = Result { try Vendor() }

    let folder: TemporaryFolder
    let trees: [String: Tree]

    func pack(_ version: String) -> FilePath { folder / "pack-\(version)" }

    private init() throws {
        folder = try TemporaryFolder(inMemory: true)
        var trees: [String: Tree] = [:]
        for version in ["1.0", "2.0"] {
            let content = folder / version
            try write("VERSION", version, in: content)
            try write("program", "the program \(version)", in: content, permissions: 0o755)
            try write("lib/code-\(version)", String(repeating: version, count: 1000), in: content)
            try write("lib/same", "unchanged", in: content)
            try write("preferences/settings.yaml", "theme: vendor \(version)\n", in: content)
            try write("preferences/defaults.yaml", "the same in both\n", in: content)
            try POSIXFileSystem().makeDirectories(content.appending("backups"))
            let fileSystem = POSIXFileSystem()
            let written = try PackWriter(fileSystem: fileSystem, level: 1).write(
                try TreeScanner(fileSystem: fileSystem).scan(content), to: folder / "pack-\(version)")
            trees[version] = Tree(
                product: "om-business", release: version, component: "server", platform: "linux-x86_64",
                entries: written.entries, pack: written.pack)
        }
        self.trees = trees
    }

    func tree(_ version: String) throws -> Tree { try #require(trees[version]) }

    func release(_ version: String, migratesData: Bool = false) throws -> ReleaseDocument {
        let tree = try tree(version)
        return ReleaseDocument(
            product: "om-business", version: version, date: Date(timeIntervalSince1970: 0),
            migratesData: migratesData,
            parts: [
                ReleasePart(
                    component: "server", platform: "linux-x86_64", tree: "t", treeSHA256: tree.contentSHA256,
                    packBytes: tree.pack.length, installedBytes: tree.installedBytes)
            ])
    }
}

func write(_ name: String, _ text: String, in folder: FilePath, permissions: UInt16 = 0o644) throws {
    let file = folder.appending(name)
    let fileSystem = POSIXFileSystem()
    try fileSystem.makeDirectories(file.removingLastComponent())
    try fileSystem.remove(file)
    let open = try fileSystem.openForWriting(file, permissions: permissions, resume: false)
    try open.write(Array(text.utf8)[...])
    try open.close()
    try fileSystem.setPermissions(permissions, of: file)
}

func text(_ name: String, in folder: FilePath) -> String? {
    guard let bytes = try? POSIXFileSystem().read(folder.appending(name), limit: 1 << 20) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
}

/// A customer's machine with 1.0 installed, running and used, and everything around the runner faked.
final class Place: Sendable {
    let folder: TemporaryFolder
    let settings: InstallationSettings
    let layout: InstallationLayout
    let log = EventLog()
    let clock = EagerClock()
    let service: FakeService
    let sessions: FakeSessions
    let notifier: FakeNotifier
    let observer = FakeObserver()
    let releases: FakeReleases
    let vendor: Vendor
    let fileSystem: any FileSystem

    init(
        fileSystem: (any FileSystem)? = nil, migratesData: Bool = false, notifierFails: Bool = false,
        _ change: (inout InstallationSettings) -> Void = { _ in }
    ) throws {
        let fileSystem = fileSystem ?? TestFileSystem()
        vendor = try Vendor.shared.get()
        folder = try TemporaryFolder(inMemory: true)
        let data = folder / "data"
        var settings = InstallationSettings(
            id: "om-business", product: "om-business", platform: "linux-x86_64", folder: folder / "OM Business",
            keep: [
                KeepRule("preferences/**"), KeepRule("backups/**", immutable: true), KeepRule("certificates/**"),
            ],
            data: [.path(data)],
            health: HealthCheckSettings(probe: .http(url: "http://127.0.0.1/health"), timeoutSeconds: 5),
            command: ["./program"],
            retentionSeconds: 0)
        change(&settings)
        self.settings = settings
        self.fileSystem = fileSystem
        layout = settings.layout
        service = FakeService(live: layout.live, data: data, running: "1.0", log: log, clock: clock)
        sessions = FakeSessions(log: log)
        notifier = FakeNotifier(log: log, fails: notifierFails)
        releases = FakeReleases(
            release: try vendor.release("2.0", migratesData: migratesData), tree: try vendor.tree("2.0"),
            pack: vendor.pack("2.0"), fileSystem: TestFileSystem(), log: log)
        let base = TestFileSystem()
        try base.makeDirectories(layout.trees)
        try Stager(fileSystem: base).stage(try vendor.tree("1.0"), pack: vendor.pack("1.0"), into: layout.live)
        let tree = try vendor.tree("1.0")
        try base.replace(layout.tree(of: "1.0"), with: try tree.encoded(), permissions: 0o644)
        let live = try #require(try base.attributes(of: layout.live))
        try InstalledRelease(
            product: "om-business", version: "1.0", component: "server", platform: "linux-x86_64",
            tree: tree.contentSHA256, folder: FolderRecord(live, version: "1.0", tree: tree.contentSHA256)
        ).save(layout, base)
        try use()
        try write("schema", "1", in: data)
        try write("deep/records", "42 records", in: data)
    }

    /// What the customer does with the application.
    private func use() throws {
        try write("preferences/settings.yaml", "theme: customer\n", in: layout.live, permissions: 0o600)
        try write("backups/monday.zip", "backup of monday", in: layout.live)
        try write("certificates/server.pem", "certificate", in: layout.live, permissions: 0o600)
        try POSIXFileSystem().setPermissions(0o700, of: layout.live.appending("certificates"))
        try POSIXFileSystem().makeLink(
            at: layout.live.appending("certificates/current.pem"), to: "server.pem")
        try write("temporary.log", "not kept", in: layout.live)
    }

    func runner(_ other: (any FileSystem)? = nil, observer: FakeObserver? = nil) -> UpdateRunner {
        UpdateRunner(
            settings: settings, service: service, commands: POSIXCommandRunner(), processes: POSIXProcesses(),
            applicationEnvironment: { [:] }, releases: releases,
            sessions: sessions, notifier: notifier, observer: observer ?? self.observer,
            health: FakeHealth(service: service), fileSystem: other ?? fileSystem, clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func update(_ order: UpdateOrder = UpdateOrder(graceSeconds: 10)) async -> UpdateRun {
        await runner().run(order, requestedBy: "admin")
    }

    /// Which complete release is at the live path; `nil` when none is. What the customer made does not count.
    func complete() throws -> String? {
        let fileSystem = POSIXFileSystem()
        for version in ["1.0", "2.0"] {
            let tree = try vendor.tree(version)
            let isThere = try tree.entries.allSatisfy { entry in
                let path = layout.live.appending(entry.path)
                switch entry.kind {
                case .file(let size, _, _):
                    guard let found = try fileSystem.attributes(of: path), found.kind == .file else { return false }
                    let original = text(entry.path, in: vendor.folder / version)
                    return entry.path.hasPrefix("preferences/")
                        || found.size == size
                            && text(entry.path, in: layout.live) == original
                case .directory: return try fileSystem.attributes(of: path)?.kind == .directory
                case .symlink: return try fileSystem.attributes(of: path)?.kind == .symlink
                }
            }
            if isThere { return version }
        }
        return nil
    }

    /// What every run owes, however it ended: one version everywhere, the customer's files, nothing left behind.
    func expectAtRest(_ version: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try complete() == version, sourceLocation: sourceLocation)
        #expect(service.running == version, sourceLocation: sourceLocation)
        #expect(
            try InstalledRelease.load(layout, TestFileSystem())?.version == version, sourceLocation: sourceLocation)
        #expect(sessions.accepts, sourceLocation: sourceLocation)
        expectCustomersFiles(sourceLocation: sourceLocation)
        let left = try POSIXFileSystem().entries(of: layout.parent).filter { !$0.hasPrefix(".ricambio") }
        #expect(left == ["OM Business", "data"], sourceLocation: sourceLocation)
        let state = try POSIXFileSystem().entries(of: layout.state).filter { !$0.hasPrefix(".") }
        #expect(
            Set(state).isSubset(of: ["downloads", "installed.json", "lock", "trees", "trash", "lists"]),
            "left in the state folder: \(state)", sourceLocation: sourceLocation)
    }

    func expectCustomersFiles(sourceLocation: SourceLocation = #_sourceLocation) {
        let expected = [
            "preferences/settings.yaml": "theme: customer\n", "backups/monday.zip": "backup of monday",
            "certificates/server.pem": "certificate", "preferences/defaults.yaml": "the same in both\n",
        ]
        for (name, content) in expected {
            #expect(text(name, in: layout.live) == content, "\(name)", sourceLocation: sourceLocation)
        }
        let fileSystem = POSIXFileSystem()
        #expect(
            (try? fileSystem.attributes(of: layout.live.appending("certificates")))?.permissions == 0o700,
            sourceLocation: sourceLocation)
        #expect(
            (try? fileSystem.attributes(of: layout.live.appending("preferences/settings.yaml")))?.permissions == 0o600,
            sourceLocation: sourceLocation)
        #expect(
            (try? fileSystem.destination(ofLink: layout.live.appending("certificates/current.pem"))) == "server.pem",
            sourceLocation: sourceLocation)
    }

    func data(_ name: String) -> String? { text(name, in: folder / "data") }
}
