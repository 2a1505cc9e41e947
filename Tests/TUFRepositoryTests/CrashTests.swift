// SPDX-License-Identifier: Apache-2.0
import Platform
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("A publisher that is killed")
struct CrashTests {
    /// Publishes with a file system that dies at the n-th change, for every n; after each, a customer reads a whole
    /// release (the old or the new one) and the next run publishes.
    @Test("At every change of a file: the repository stays valid, and the next run goes on")
    func publication() async throws {
        var at = 1
        while true {
            try #require(at < 200)
            var vendor = try Vendor()
            try vendor.create()
            try publish(vendor, "1.0")
            let files = CrashingFileSystem(fault: .crash(at: at))
            vendor.fileSystem = files
            #expect(
                throws: (any Error).self, "change \(at)",
                performing: {
                    try publish(vendor, "2.0")
                    if !files.hasCrashed { throw Finished() }
                })
            guard files.hasCrashed else { break }
            vendor.fileSystem = POSIXFileSystem()
            let customer = try vendor.customer()
            let channel = try #require(try await customer.target("om/channels/stable.json"))
            let version = String(decoding: try await customer.download(channel), as: UTF8.self)
            #expect(version == "1.0" || version == "2.0")
            let release = try #require(try await customer.target("om/\(version)/release.json"))
            #expect(try await customer.download(release) == Array(version.utf8))
            try publish(vendor, "3.0")
            #expect(try await vendor.customer().target("om/3.0/release.json") != nil)
            at += 1
        }
        // Two targets and their folders, then product, snapshot and timestamp.
        #expect(at > 5)
    }

    @Test("While the repository is being made: the next try makes it")
    func creation() async throws {
        var at = 1
        while true {
            try #require(at < 200)
            var vendor = try Vendor()
            let files = CrashingFileSystem(fault: .crash(at: at))
            vendor.fileSystem = files
            do {
                try vendor.create()
            } catch {
                guard case .file = error.code else { throw error }
            }
            guard files.hasCrashed else { break }
            vendor.fileSystem = POSIXFileSystem()
            try vendor.create()
            try publish(vendor, "1.0")
            #expect(try await vendor.customer().target("om/1.0/release.json") != nil)
            at += 1
        }
        #expect(at > 10)
    }

    /// Changes keys with a file system that dies at the n-th change, for every n.
    /// - Parameters:
    ///   - prepare: what happens before, undisturbed.
    ///   - readable: readers find a valid repository at any moment.
    private func rotation(
        readable: Bool, prepare: (Vendor) throws -> Void, _ change: (Vendor) throws -> Void
    ) async throws {
        var at = 1
        while true {
            try #require(at < 300)
            var vendor = try Vendor()
            try vendor.create()
            try publish(vendor, "1.0")
            try prepare(vendor)
            let reader = MemoryMetadataStore()
            try await vendor.customer(store: reader).refresh()
            let files = CrashingFileSystem(fault: .crash(at: at))
            vendor.fileSystem = files
            do {
                try change(vendor)
            } catch {
                guard files.hasCrashed else { throw error }
            }
            guard files.hasCrashed else { break }
            vendor.fileSystem = POSIXFileSystem()
            if readable {
                for store in [reader, MemoryMetadataStore()] {
                    #expect(
                        try await vendor.customer(store: store).target("om/1.0/release.json") != nil, "change \(at)")
                }
            }
            // The next run goes on, with whatever keys are the right ones now.
            var editor: RepositoryEditor? = try vendor.open()
            if try editor?.pending().isEmpty == false { _ = try editor?.commitPending() }
            let isToBeDoneAgain = editor?.root.version == 1
            editor = nil
            if isToBeDoneAgain { try change(vendor) }
            try publish(vendor, "2.0")
            for store in [reader, MemoryMetadataStore()] {
                #expect(try await vendor.customer(store: store).target("om/2.0/release.json") != nil, "change \(at)")
            }
            at += 1
        }
        // Snapshot, root under two names, and timestamp at least.
        #expect(at > 4)
    }

    @Test("While every key is replaced: readers of the old root and of the new believe what they find, all the way")
    func allKeys() async throws {
        try await rotation(readable: true) { vendor in
            for role in TopLevelRole.allCases { try vendor.keys.generate("new-\(role)") }
        } _: { vendor in
            var editor = try vendor.open()
            for role in TopLevelRole.allCases {
                let kept = role == .root ? try editor.keys(of: "root").keys : []
                guard let key = try vendor.keys.key(named: "new-\(role)")?.key else { throw Finished() }
                try editor.setKeys(kept + [key], threshold: role == .root ? 3 : 1, of: role.rawValue)
            }
            try editor.commit()
        }
    }

    @Test("While a lost timestamp key is replaced: the next run, whatever it does, signs with the new one")
    func lostKey() async throws {
        try await rotation(readable: false) { vendor in
            try POSIXFileSystem().remove(vendor.layout.keys.appending("timestamp.pem"))
            try vendor.keys.generate("timestamp-2")
        } _: { vendor in
            var editor = try vendor.open()
            guard let key = try vendor.keys.key(named: "timestamp-2")?.key else { throw Finished() }
            try editor.setKeys([key], threshold: 1, of: "timestamp")
            try editor.commit()
        }
    }

    @Test("While what waited for signatures is published, a new product and new targets keys among it")
    func pending() async throws {
        try await rotation(readable: true) { vendor in
            let away = ["root-1", "root-2", "root-3", "targets"]
            for name in away {
                try POSIXFileSystem().rename(
                    vendor.layout.keys.appending("\(name).pem"), to: (vendor.folder / "\(name).pem"))
            }
            var editor = try vendor.open()
            try editor.setKeys([try vendor.keys.generate("targets-2").key], threshold: 1, of: "targets")
            try editor.addProduct("new")
            #expect(refusal { () throws(RepositoryError) in try editor.commit() } == .waitsForSignatures)
            for name in away {
                try POSIXFileSystem().rename(
                    (vendor.folder / "\(name).pem"), to: vendor.layout.keys.appending("\(name).pem"))
            }
        } _: { vendor in
            var editor = try vendor.open()
            _ = try editor.commitPending()
        }
    }

    private struct Finished: Error {}

    private func publish(_ vendor: Vendor, _ version: String) throws {
        var editor = try vendor.open()
        try editor.addProduct("om")
        try editor.addTarget(product: "om", path: "om/\(version)/release.json", bytes: Array(version.utf8))
        try editor.addTarget(product: "om", path: "om/channels/stable.json", bytes: Array(version.utf8))
        try editor.commit()
    }
}
