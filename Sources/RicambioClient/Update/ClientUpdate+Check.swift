// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
import Foundation
import HTTPFetcher
import Packaging
import Platform
import SystemPackage
public import TUF

extension ClientUpdate {
    /// Whether the client that belongs to the server is another one than is installed; then it is verified and
    /// ready to be installed. It may be an older one: after a roll-back of the server its clients follow. It is refused
    /// when the vendor's channel has recalled it or wants nobody to have one so old, whatever the agent says.
    ///
    /// - Parameters:
    ///   - installed: the version of the program that asks; `nil` means the one that the last update put here.
    ///   - mirror: brings bytes from the agent: ``WorkstationSession/mirror()``.
    ///   - trustedRoot: the vendor's root; `nil` means `root.json` in the program's folder.
    public func check(
        offer: ClientOffer, installed: String? = nil, mirror: any Fetcher, trustedRoot: [UInt8]? = nil
    ) async throws(ClientError) -> AvailableUpdate? {
        let state = try await state()
        let installed = installed ?? state.installed?.version
        try checkProduct(offer.product)
        guard offer.platform == platform else {
            throw ClientError(
                .releaseUnavailable, "The server offers a client for \(offer.platform); this is \(platform).")
        }
        if let installed, Version.isSame(installed, offer.version) { return nil }
        let repository = try await repository(
            offer.repositoryURL, product: offer.product, channel: offer.channel, fetcher: mirror,
            trustedRoot: trustedRoot)
        let channel = try await ClientError.packaging { () throws(PackagingError) in
            try await repository.refresh()
            return try await repository.channelDocument()
        }
        try Self.refuseUnwanted(offer.version, channel)
        return try await ClientError.packaging { () throws(PackagingError) in
            return try await available(
                offer.version, installed: installed, state: state, minimum: nil, repository: repository)
        }
    }

    private static func refuseUnwanted(_ version: String, _ channel: ChannelDocument) throws(ClientError) {
        let advice = "Nothing was changed. Tell your administrator: the server needs another version."
        if channel.recalled.contains(where: { Version.isSame($0, version) }) {
            throw ClientError(
                .recalledRelease, "The server offers version \(version), which its vendor has recalled. \(advice)")
        }
        if let minimum = channel.minimum, isNewer(minimum, than: version) {
            throw ClientError(
                .recalledRelease,
                "The server offers version \(version); its vendor wants nobody to have one older than \(minimum). \(advice)"
            )
        }
    }

    /// Whether the vendor's channel has a newer release than is installed and offers it to this machine already.
    public func check(
        vendor: VendorChannel, installed: String? = nil, fetcher: (any Fetcher)? = nil, trustedRoot: [UInt8]? = nil
    ) async throws(ClientError) -> AvailableUpdate? {
        let state = try await state(makingID: true)
        let installed = installed ?? state.installed?.version
        try checkProduct(vendor.product)
        let repository = try await repository(
            vendor.url, product: vendor.product, channel: vendor.channel,
            fetcher: fetcher ?? HTTPFetcher(environment: ProcessInfo.processInfo.environment),
            trustedRoot: trustedRoot)
        let now = clock.now
        return try await ClientError.packaging { () throws(PackagingError) in
            try await repository.refresh()
            let channel = try await repository.channelDocument()
            let isRecalled = installed.map { mine in channel.recalled.contains { Version.isSame($0, mine) } } ?? false
            guard !channel.recalled.contains(channel.current), Self.isNewer(channel.current, than: installed),
                isRecalled || channel.rollout.includes(state.id, at: now)
            else { return nil }
            return try await available(
                channel.current, installed: installed, state: state, minimum: isRecalled ? installed : channel.minimum,
                isOverdue: isRecalled, repository: repository)
        }
    }

    private func available(
        _ version: String, installed: String?, state: ClientState, minimum: String?, isOverdue: Bool = false,
        repository: ReleaseRepository
    ) async throws(PackagingError) -> AvailableUpdate {
        let release = try await repository.release(version)
        if let from = release.requirements.fromVersion, let installed, Self.isNewer(from, than: installed) {
            throw PackagingError(
                .unsupported, "Version \(version) can be put on \(from) or newer; this is \(installed).")
        }
        let tree = try await repository.tree(release, component: component, platform: platform)
        return AvailableUpdate(
            product: release.product, from: installed, version: release.version, date: release.date,
            notes: release.notes, severity: release.severity.rawValue, packBytes: tree.pack.length,
            installedBytes: tree.installedBytes,
            wasReverted: state.reverted.map { Version.isSame($0, version) } ?? false,
            isOverdue: isOverdue || minimum.map { Self.isNewer($0, than: installed) } ?? false,
            tree: tree, repository: repository)
    }

    private func repository(
        _ url: String, product: String, channel: String, fetcher: any Fetcher, trustedRoot: [UInt8]?
    ) async throws(ClientError) -> ReleaseRepository {
        let place = self.place
        let root: [UInt8]
        if let trustedRoot {
            root = trustedRoot
        } else {
            root = try await BlockingWork.run { () throws(ClientError) in try place.embeddedRoot() }
        }
        try await BlockingWork.run { () throws(ClientError) in
            try ClientError.files { () throws(FileError) in try place.fileSystem.makeDirectories(place.metadata) }
        }
        let base = url.hasSuffix("/") ? url : url + "/"
        let updater = Updater(
            store: FileMetadataStore(directory: place.metadata, fileSystem: place.fileSystem), trustedRoot: root,
            metadataURL: base + "metadata/", targetsURL: base + "targets/", fetcher: fetcher, clock: clock)
        return ReleaseRepository(updater: updater, baseURL: base, product: product, channel: channel, fetcher: fetcher)
    }

    private func state(makingID: Bool = false) async throws(ClientError) -> ClientState {
        let place = self.place
        return try await BlockingWork.run { () throws(ClientError) in
            makingID ? try place.stateWithID() : try place.readState()
        }
    }

    private func checkProduct(_ product: String) throws(ClientError) {
        guard let products, !products.contains(product) else { return }
        throw ClientError(
            .untrustedRelease, "\(product) is offered; this program is not part of it. Nothing was changed.")
    }

    private static func isNewer(_ version: String, than installed: String?) -> Bool {
        guard let installed, let mine = Version(installed), let other = Version(version) else { return true }
        return mine < other
    }
}

extension ClientFolder {
    /// The place in a roll-out must stay the same from one check to the next.
    fileprivate func stateWithID() throws(ClientError) -> ClientState {
        if let state = try readWrittenState() { return state }
        guard let lock = try lock() else { throw busy }
        defer { lock.release() }
        let state = try readState()
        try write(state)
        return state
    }

    fileprivate func embeddedRoot() throws(ClientError) -> [UInt8] {
        let file = live.appending("root.json")
        do {
            return try fileSystem.read(file, limit: 1 << 20)
        } catch {
            throw ClientError(
                .untrustedRelease,
                "The vendor's trusted root cannot be read, so nothing can be verified: \(error.description)")
        }
    }
}
