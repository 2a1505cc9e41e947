// SPDX-License-Identifier: Apache-2.0
import Foundation
import Packaging
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import ricambio_repo

@Suite("verify: a repository as a stranger sees it") struct VerifyTests {
    private let folder: TemporaryFolder
    private let repository: VendorRepository

    init() throws {
        folder = try TemporaryFolder()
        repository = try VendorRepository(in: folder)
        let source = try makeApplication(in: folder)
        try repository.publish("1.0", source)
        try repository.publish("2.0", source)
    }

    private var served: FilePath { repository.folder.appending("public") }

    private func report(deep: Bool = false) async throws -> Report {
        let root = try files.read(served.appending("metadata/1.root.json"), limit: 1 << 20)
        let workshop = folder / "workshop"
        if deep { try files.makeDirectories(workshop) }
        return try await VerifyCommand.verify(
            VendorFolder(path: repository.folder, fileSystem: files), root: root, now: repository.clock.now,
            workshop: deep ? workshop : nil)
    }

    private func wrong(_ report: Report) -> [String] {
        report.findings.filter { $0.severity == .wrong }.map(\.place)
    }

    private func spoil(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try files.read(served.appending(path), limit: 1 << 30)
        change(&bytes)
        try files.replace(served.appending(path), with: bytes, permissions: 0o644)
    }

    private func names(_ folder: String) throws -> [String] { try files.entries(of: served.appending(folder)) }

    @Test("A sound one: every role with its expiry, every target and pack")
    func sound() async throws {
        let report = try await report(deep: true)
        #expect(report.isSound, "\(report.findings)")
        #expect(report.roles.map(\.role) == ["root", "timestamp", "snapshot", "targets", "om-business"])
        #expect(report.targets == 5 && report.packs == 1)
        #expect(try !files.exists(folder / "workshop"))
        // What older metadata referred to is no fault.
        #expect(report.findings.allSatisfy { $0.severity == .note })
    }

    @Test("Everything that is wrong is reported, not only the first thing")
    func all() async throws {
        let pack = try #require(try names("packs").first)
        try spoil("packs/\(pack)") { $0[$0.count / 2] ^= 1 }
        let channel = try #require(try names("targets/om-business/channels").first)
        try spoil("targets/om-business/channels/\(channel)") { $0.append(0x20) }
        for name in try names("targets/om-business/1.0") {
            try files.remove(served.appending("targets/om-business/1.0/\(name)"))
        }
        try files.replace(
            served.appending("backup.pem"), with: Array("-----BEGIN PRIVATE KEY-----".utf8), permissions: 0o644)
        let report = try await report()
        let places = wrong(report)
        #expect(places.contains("packs/\(pack)") && places.contains("backup.pem"), "\(places)")
        #expect(places.count { $0.hasPrefix("targets/om-business/1.0/") } == 2, "\(places)")
    }

    @Test(
        "Metadata that was changed, is missing or of another state",
        arguments: ["timestamp", "snapshot", "om-business"])
    func metadata(_ role: String) async throws {
        let path =
            role == "timestamp"
            ? "metadata/timestamp.json" : "metadata/\(try #require(try newest(role))).\(role).json"
        let bytes = try files.read(served.appending(path), limit: 1 << 20)
        let text = String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "20", with: "21")
        try files.replace(served.appending(path), with: Array(text.utf8), permissions: 0o644)
        #expect(wrong(try await report()).contains(path))
        try files.remove(served.appending(path))
        #expect(wrong(try await report()) == [path])
    }

    private func newest(_ role: String) throws -> Int? {
        try names("metadata").compactMap { name in
            name.hasSuffix(".\(role).json") ? Int(name.prefix { $0 != "." }) : nil
        }.max()
    }

    @Test("Expiry: a warning ahead, wrong afterwards")
    func expiry() async throws {
        repository.clock.advance(by: 5.5 * 86_400)
        let soon = try await report()
        #expect(soon.isSound && soon.findings.contains { $0.severity == .warning && $0.place.contains("timestamp") })
        repository.clock.advance(by: 2 * 86_400)
        #expect(wrong(try await report()) == ["metadata/timestamp.json"])
    }

    @Test("Another root than the one that customers have")
    func otherRoot() async throws {
        let other = try VendorRepository(in: folder, named: "other")
        let root = try files.read(other.folder.appending("public/metadata/1.root.json"), limit: 1 << 20)
        let report = try await VerifyCommand.verify(
            VendorFolder(path: repository.folder, fileSystem: files), root: root, now: repository.clock.now)
        #expect(!report.isSound)
    }

    @Test("A pack whose files are not the tree's is found by unpacking only")
    func deep() async throws {
        #expect(try await report(deep: true).isSound)
        let pack = try #require(try names("packs").first)
        try files.remove(served.appending("packs/\(pack)"))
        let report = try await report(deep: true)
        #expect(wrong(report).contains { $0.hasSuffix(".tree.zst") } && wrong(report).contains("packs/\(pack)"))
    }
}
