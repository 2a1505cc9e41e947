// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage
import TUF
import TestSupport

@testable import RicambioClient

/// A vendor with 1.0 and 2.0, and a workstation with the client 1.0.
struct Workstation {
    let vendor: TestVendor
    let fetcher: FolderFetcher
    let live: FilePath

    init(publishing version: String = "2.0", words: Int = 30_000) throws {
        vendor = try TestVendor(words: words)
        try vendor.publish(version)
        fetcher = FolderFetcher(vendor)
        live = vendor.temporary / "OM Client"
        try vendor.makeClient("1.0", in: live)
        try write("preferences/client.yaml", "mine")
    }

    func write(_ path: String, _ text: String) throws {
        try QuickFileSystem().replace(live.pushing(FilePath(path)), with: Array(text.utf8), permissions: 0o644)
    }

    func read(_ path: String, in folder: String = "OM Client") -> String? {
        try? String(contentsOfFile: "\(vendor.temporary / folder)/\(path)", encoding: .utf8)
    }

    func update(products: Set<String>? = nil, fileSystem: any FileSystem = QuickFileSystem()) -> ClientUpdate {
        ClientUpdate(
            folder: live, keep: ["preferences/**"], products: products, fileSystem: fileSystem, clock: vendor.clock)
    }

    func offer(_ version: String = "2.0", product: String = "om", platform: String = Platform.current) -> ClientOffer {
        ClientOffer(
            product: product, channel: "stable", version: version, platform: platform,
            repositoryURL: FolderFetcher.base)
    }

    var channel: VendorChannel { VendorChannel(url: FolderFetcher.base, product: "om") }

    /// Checks the offer and installs it; how it fails.
    func install(_ version: String = "2.0", fileSystem: any FileSystem = QuickFileSystem()) async -> ClientError? {
        do throws(ClientError) {
            let update = update(fileSystem: fileSystem)
            guard let available = try await update.check(offer: offer(version), installed: "1.0", mirror: fetcher)
            else {
                return ClientError(.notFound, "nothing to update")
            }
            try await update.install(available)
            return nil
        } catch {
            return error
        }
    }

    func isUntouched() throws -> Bool {
        let hasOld = try QuickFileSystem().exists(vendor.temporary / "OM Client_old")
        return read("VERSION") == "1.0" && read("preferences/client.yaml") == "mine" && !hasOld
    }
}

extension Workstation {
    /// Another workstation at the same place and vendor, with the client 1.0 again.
    init(sharing other: Workstation) throws {
        vendor = other.vendor
        fetcher = other.fetcher
        live = other.live
        try QuickFileSystem().removeTree(live)
        try vendor.makeClient("1.0", in: live)
        try write("preferences/client.yaml", "mine")
    }
}
