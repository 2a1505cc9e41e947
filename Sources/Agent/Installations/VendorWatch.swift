// SPDX-License-Identifier: Apache-2.0
import Foundation
import Installation
import Logging
import Packaging
import Platform

/// Looks at the vendor's channel now and then, and whenever somebody must know.
actor VendorWatch {
    /// Seconds between two looks at the vendor.
    static let checkInterval = 900.0
    /// Seconds for which what was seen there is good enough for an answer: one small request for the next.
    static let lookLifetime = 5.0

    private let vendor: any Vendor
    private let installationID: String
    private let installedVersion: @Sendable () async -> String?
    private let clock: any WallClock
    private let logger: Logger

    /// What the channel offered at the last look.
    private(set) var available: String?
    /// Why the last look saw nothing.
    private(set) var failure: UpdateFailure?
    private var channel: ChannelDocument?
    private var look: Task<Void, Never>?
    private var lastLook: Double?

    init(
        _ vendor: any Vendor, installationID: String, clock: any WallClock, logger: Logger,
        installedVersion: @escaping @Sendable () async -> String?
    ) {
        self.vendor = vendor
        self.installationID = installationID
        self.installedVersion = installedVersion
        self.clock = clock
        self.logger = logger
    }

    func run() async {
        repeat {
            await look(unlessYoungerThan: 0)
        } while (try? await clock.sleep(seconds: Self.checkInterval)) != nil
    }

    /// Several who want to know at once share one look.
    func look(unlessYoungerThan age: Double) async {
        if let lastLook, clock.monotonicSeconds - lastLook < age { return }
        let task = look ?? Task { await self.lookNow() }
        look = task
        // A vendor that cannot be reached must not make everybody wait for it again and again.
        guard failure == nil || age == 0 else { return }
        await task.value
    }

    /// What the channel has for this installation right now.
    func offer() async throws(UpdateFailure) -> Offer {
        // A look that was begun before the order may have missed what was published just now.
        await look?.value
        await look(unlessYoungerThan: 0)
        guard let channel else { throw failure ?? UpdateFailure(.vendorUnreachable) }
        return await offer(channel)
    }

    /// The channel's current release, as of the last look.
    var current: String? { channel?.current }

    private func offer(_ channel: ChannelDocument) async -> Offer {
        Offer(
            channel: channel, installed: await installedVersion(), installationID: installationID, now: clock.now)
    }

    private func lookNow() async {
        defer {
            look = nil
            lastLook = clock.monotonicSeconds
        }
        do {
            let seen = try await vendor.channel()
            channel = seen
            failure = nil
            available = await offer(seen).available
        } catch {
            available = nil
            channel = nil
            let failure = UpdateFailure(error)
            self.failure = failure
            logger.warning("the vendor's repository cannot be used", metadata: ["reason": "\(failure.reason)"])
        }
    }
}
