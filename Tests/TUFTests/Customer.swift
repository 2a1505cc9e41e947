// SPDX-License-Identifier: Apache-2.0
import Foundation
import TUF
import TUFRepository
import TestSupport

/// A customer of a simulated vendor: store, clock and updater over one simulator.
struct Customer {
    let vendor: RepositorySimulator
    let clock: ManualClock
    let store: MemoryMetadataStore
    var limits = UpdaterLimits()

    init() {
        clock = ManualClock()
        vendor = RepositorySimulator(now: clock.now)
        store = MemoryMetadataStore()
    }

    /// A new one, as after a restart.
    func updater() -> Updater {
        Updater(
            store: store, trustedRoot: vendor.content.roots.first, metadataURL: RepositorySimulator.metadataURL,
            targetsURL: RepositorySimulator.targetsURL, fetcher: vendor, clock: clock, limits: limits)
    }

    /// `nil` when a restarted customer's refresh succeeds.
    func refusal() async -> TUFError.Code? {
        await TUFTests.refusal { () async throws(TUFError) in try await updater().refresh() }
    }

    func storedVersion(_ role: String) -> Int64? {
        store.files[role].flatMap { try? JSONValue(parsing: $0) }?["signed"]?["version"]?.integerValue
    }

    func days(_ days: Double) { clock.advance(by: days * 86_400) }
}

func refusal(_ body: () async throws(TUFError) -> Void) async -> TUFError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return error.code
    }
}
