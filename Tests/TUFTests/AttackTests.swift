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

    @Test(
        "Slow retrieval: a server that drips is given up, a slow line is not",
        arguments: ["2.root.json", "timestamp.json", "snapshot.json", "targets.json", "om/a.bin"])
    func slow(_ name: String) async throws {
        for (secondsPerByte, isHonest) in [(0.05, true), (5.0, false)] {
            let customer = Customer()
            let vendor = customer.vendor
            vendor.addTarget("om/a.bin", [UInt8](repeating: 7, count: 100))
            if name == "2.root.json" { vendor.rotateRoot() }
            let file = vendor.content.targets["targets"]?.signed["targets"]?["om/a.bin"]
            let target = try TargetFile(path: "om/a.bin", json: try #require(file), role: "targets")
            let location =
                switch name {
                case "om/a.bin": target.location(consistentSnapshot: true)
                case "snapshot.json": "\(vendor.content.snapshot.version).snapshot.json"
                case "targets.json": "\(vendor.content.targets["targets"]?.version ?? 0).targets.json"
                default: name
                }
            vendor.change { [clock = customer.clock] content in
                content.dripping[location] = { clock.advance(by: secondsPerByte) }
            }
            let code = await refusal { () async throws(TUFError) in
                let updater = customer.updater()
                try await updater.refresh()
                _ = try await updater.download(target)
            }
            guard !isHonest else {
                #expect(code == nil, "\(name)")
                continue
            }
            guard case .fetch(let error) = code else {
                Issue.record("\(name): \(String(describing: code))")
                continue
            }
            #expect(error.code == .stalled)
        }
    }

    @Test("Wrong software: a file that the vendor signed for, under another name, is refused")
    func wrongSoftware() async throws {
        vendor.addTarget("om/wanted", Array("wanted".utf8))
        vendor.addTarget("om/others", Array("others".utf8))
        let updater = customer.updater()
        let (wanted, others) = (
            try #require(try await updater.target("om/wanted")), try #require(try await updater.target("om/others"))
        )
        vendor.change { content in
            content.files[wanted.location(consistentSnapshot: true)] =
                content.files[others.location(consistentSnapshot: true)]
        }
        #expect(await refusal { () async throws(TUFError) in _ = try await updater.download(wanted) } == .tampered)
        _ = try await updater.download(others)
    }

    @Test("Malicious mirror: whatever it withholds, nothing is taken for up to date, and nothing trusted is lost")
    func maliciousMirror() async {
        #expect(await customer.refusal() == nil)
        let before = customer.store.files
        vendor.change { $0.targets["targets"]?.version = 2 }
        vendor.update(bumping: true)
        for name in ["timestamp.json", "2.snapshot.json", "2.targets.json"] {
            for code in [.notFound, .status(500), .unreachable] as [FetchError.Code] {
                vendor.change { $0.failures = [name: code] }
                #expect(await customer.refusal() != nil, "\(name): \(code)")
            }
        }
        #expect(customer.store.files["root"] == before["root"] && customer.store.files["targets"] == before["targets"])
        vendor.change { $0.failures = [:] }
        #expect(await customer.refusal() == nil)
    }

    @Test("Key compromise: one stolen key of two signs nothing, and none at all once it was replaced")
    func keyCompromise() async throws {
        vendor.rotateRoot { RepositorySimulator.replaceKeys(of: .targets, count: 2, in: &$0) }
        vendor.change { content in
            content.root.setKeys(content.signers["targets", default: []].map(\.key), threshold: 2, of: .targets)
        }
        vendor.rotateRoot()
        vendor.update(bumping: true)
        #expect(await customer.refusal() == nil)
        let all = try #require(vendor.content.signers["targets"])
        vendor.change { $0.signers["targets"] = [all[0]] }
        vendor.change { $0.targets["targets"]?.version += 1 }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == .threshold)

        vendor.change { $0.signers["targets"] = all }
        vendor.rotateRoot { RepositorySimulator.replaceKeys(of: .targets, count: 2, in: &$0) }
        vendor.change { $0.targets["targets"]?.version += 1 }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == nil)
        vendor.change { $0.signers["targets"] = all }
        vendor.change { $0.targets["targets"]?.version += 1 }
        vendor.update(bumping: true)
        #expect(await customer.refusal() == .threshold)
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
        var limits = UpdaterLimits()
        limits.slowSeconds = .infinity
        let updater = Updater(
            store: customer.store, trustedRoot: vendor.trustedRoot, metadataURL: RepositorySimulator.metadataURL,
            targetsURL: RepositorySimulator.targetsURL, fetcher: slow, clock: customer.clock, limits: limits)
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
