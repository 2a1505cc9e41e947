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

    private struct Finished: Error {}

    private func publish(_ vendor: Vendor, _ version: String) throws {
        var editor = try vendor.open()
        try editor.addProduct("om")
        try editor.addTarget(product: "om", path: "om/\(version)/release.json", bytes: Array(version.utf8))
        try editor.addTarget(product: "om", path: "om/channels/stable.json", bytes: Array(version.utf8))
        try editor.commit()
    }
}
