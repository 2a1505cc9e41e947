// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("Attacks of the specification")
struct AttackTests {
    private let customer = Customer()
    private var vendor: RepositorySimulator { customer.vendor }

    @Test("Rollback: an older timestamp is refused, also after a restart")
    func timestampRollback() async {
        vendor.change { $0.timestamp.version = 5 }
        #expect(await customer.refusal() == nil)
        vendor.change { $0.timestamp.version = 4 }
        #expect(await customer.refusal() == .rollback)
        #expect(customer.storedVersion("timestamp") == 5)
    }

    @Test("Rollback: an expired local timestamp still refuses an older one")
    func expiredTimestampStillCompares() async {
        vendor.change { $0.timestamp.version = 5 }
        #expect(await customer.refusal() == nil)
        customer.days(31)
        vendor.change { content in
            content.timestamp.version = 4
            content.timestamp.expires = content.expires + 60 * 86_400
            content.root.expires = content.expires + 60 * 86_400
        }
        vendor.rotateRoot()
        #expect(await customer.refusal() == .rollback)
    }

    @Test("Rollback: a new timestamp that names an older snapshot is refused")
    func snapshotRollbackInTimestamp() async {
        vendor.change { $0.snapshot.version = 7 }
        vendor.updateTimestamp()
        #expect(await customer.refusal() == nil)
        vendor.change { $0.snapshot.version = 6 }
        vendor.updateTimestamp()
        #expect(await customer.refusal() == .rollback)
    }

    @Test("Rollback: a new snapshot that names older targets is refused")
    func targetsRollback() async {
        vendor.change { $0.targets["targets"]?.version = 3 }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == nil)
        vendor.change { $0.targets["targets"]?.version = 2 }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == .rollback)
        #expect(customer.storedVersion("targets") == 3)
    }

    @Test("Rollback: a role that disappears from the snapshot is refused")
    func roleDisappears() async {
        vendor.delegate(to: "om", scope: ["paths": ["om/*"]])
        #expect(await customer.refusal() == nil)
        vendor.change { content in
            content.targets["om"] = nil
            content.snapshot.signed["meta"] = [:]
        }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == .rollback)
    }

    @Test("Freeze: each expired role stops the refresh", arguments: ["timestamp", "snapshot", "targets"])
    func freeze(_ role: String) async {
        let past = customer.clock.now - 1
        vendor.change { content in
            switch role {
            case "timestamp": content.timestamp.expires = past
            case "snapshot": content.snapshot.expires = past
            default: content.targets[role]?.expires = past
            }
        }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == .expired)
    }

    @Test("Freeze: what was valid is refused once its time is over, and nothing later is asked for")
    func frozen() async {
        #expect(await customer.refusal() == nil)
        customer.days(31)
        vendor.rotateRoot { $0.root.expires = $0.expires + 60 * 86_400 }
        vendor.forgetRequests()
        #expect(await customer.refusal() == .expired)
        #expect(vendor.requests == ["2.root.json", "3.root.json", "timestamp.json"])
    }

    @Test("Freeze: the moment of expiry itself is too late")
    func moment() async {
        customer.days(30)
        #expect(await customer.refusal() == .expired)
    }

    @Test("Mix-and-match: another snapshot than the timestamp names is refused, with and without hashes")
    func mixedSnapshot() async {
        for hashes in [true, false] {
            let customer = Customer()
            customer.vendor.change { $0.saysHashes = hashes }
            customer.vendor.update(bumping: true)
            let old = customer.vendor.signed("snapshot")
            customer.vendor.update(bumping: true)
            customer.vendor.change { $0.replaced["3.snapshot.json"] = old }
            #expect(await customer.refusal() == (hashes ? .tampered : .wrongVersion))
        }
    }

    @Test("Mix-and-match: other targets than the snapshot names are refused, with and without hashes")
    func mixedTargets() async {
        for hashes in [true, false] {
            let customer = Customer()
            customer.vendor.change { $0.saysHashes = hashes }
            let old = customer.vendor.signed("targets")
            customer.vendor.bump("targets")
            customer.vendor.update(bumping: true)
            customer.vendor.change { $0.replaced["2.targets.json"] = old }
            #expect(await customer.refusal() == (hashes ? .tampered : .wrongVersion))
        }
    }

    @Test("Arbitrary installation: metadata by a stranger is refused", arguments: TopLevelRole.allCases)
    func strangerSigns(_ role: TopLevelRole) async {
        guard role != .root else { return }
        vendor.change { content in
            content.signers[role.rawValue] = [Ed25519Signer()]
        }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == .threshold)
        #expect(customer.store.files[role.rawValue] == nil)
    }

    @Test("Arbitrary installation: the keys of one role do not sign for another")
    func keysOfAnotherRole() async {
        vendor.change { $0.signers["targets"] = $0.signers["timestamp"] }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == .threshold)
    }

    @Test("Arbitrary installation: a changed byte in any metadata is noticed")
    func changedByte() async {
        for name in ["timestamp.json", "1.snapshot.json", "1.targets.json"] {
            let customer = Customer()
            customer.vendor.change { content in
                let role = String(name.split(separator: ".").dropLast().last ?? "")
                var bytes = content.signed(role)
                if let index = bytes.lastIndex(of: UInt8(ascii: "2")) { bytes[index] = UInt8(ascii: "3") }
                content.replaced[name] = bytes
            }
            let code = await customer.refusal()
            #expect(code == .threshold || code == .tampered || code == .malformed)
            #expect(code != nil)
        }
    }

    @Test(
        "Endless data: each file is cut off at its limit",
        arguments: ["timestamp.json", "1.snapshot.json", "1.targets.json"])
    func endless(_ name: String) async {
        for hashes in [true, false] {
            let customer = Customer()
            customer.vendor.change { $0.saysHashes = hashes }
            customer.vendor.change { content in
                content.snapshot.signed["meta"] = [:]
                content.timestamp.signed["meta"] = [:]
            }
            customer.vendor.update()
            customer.vendor.change { $0.endless = [name] }
            #expect(await customer.refusal() == .tampered)
        }
    }

    @Test("Fast-forward: after the timestamp's key was replaced, a lower version is accepted again")
    func timestampFastForward() async {
        vendor.change { $0.timestamp.version = 99_999 }
        #expect(await customer.refusal() == nil)
        vendor.rotateRoot { RepositorySimulator.replaceKeys(of: .timestamp, in: &$0) }
        vendor.change { $0.timestamp.version = 2 }
        #expect(await customer.refusal() == nil)
        #expect(customer.storedVersion("timestamp") == 2)
    }

    @Test("Fast-forward: after the snapshot's key was replaced, a lower version is accepted again")
    func snapshotFastForward() async {
        vendor.change { $0.snapshot.version = 99_999 }
        vendor.updateTimestamp()
        #expect(await customer.refusal() == nil)
        vendor.rotateRoot { RepositorySimulator.replaceKeys(of: .snapshot, in: &$0) }
        vendor.change { $0.snapshot.version = 2 }
        vendor.updateTimestamp()
        #expect(await customer.refusal() == nil)
        #expect(customer.storedVersion("snapshot") == 2)
    }

    @Test("Adding a key to the timestamp is no reason to forget it")
    func addedKeyKeepsComparison() async {
        vendor.change { $0.timestamp.version = 9 }
        #expect(await customer.refusal() == nil)
        vendor.rotateRoot { content in
            content.signers["timestamp", default: []].append(Ed25519Signer())
            content.root.setKeys((content.signers["timestamp"] ?? []).map(\.key), threshold: 1, of: .timestamp)
        }
        vendor.change { $0.timestamp.version = 8 }
        #expect(await customer.refusal() == .rollback)
    }

    @Test("One reference time: a clock that moves during a refresh changes nothing")
    func referenceTime() async throws {
        let slow = SlowFetcher(vendor: vendor, clock: customer.clock, days: 31)
        let updater = Updater(
            store: customer.store, trustedRoot: vendor.trustedRoot, metadataURL: RepositorySimulator.metadataURL,
            targetsURL: RepositorySimulator.targetsURL, fetcher: slow, clock: customer.clock)
        #expect(await refusal { () async throws(TUFError) in try await updater.refresh() } == nil)
        #expect(await refusal { () async throws(TUFError) in try await updater.refresh() } == .expired)
    }
}

/// Days pass with every answer.
private struct SlowFetcher: Fetcher {
    let vendor: RepositorySimulator
    let clock: ManualClock
    let days: Double

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        clock.advance(by: days * 86_400)
        try await vendor.fetch(request, receive: receive)
    }
}
