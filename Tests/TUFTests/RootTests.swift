// SPDX-License-Identifier: Apache-2.0
import Foundation
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("Root")
struct RootTests {
    private let customer = Customer()
    private var vendor: RepositorySimulator { customer.vendor }

    @Test("Without any trusted root nothing is asked of the network")
    func noRoot() async {
        let updater = Updater(
            store: customer.store, trustedRoot: nil, metadataURL: RepositorySimulator.metadataURL,
            targetsURL: RepositorySimulator.targetsURL, fetcher: vendor, clock: customer.clock)
        #expect(await refusal { () async throws(TUFError) in try await updater.refresh() } == .noTrustedRoot)
        #expect(vendor.requests.isEmpty)
    }

    @Test("Wrong root: another vendor's repository is refused")
    func wrongRoot() async {
        let updater = Updater(
            store: customer.store, trustedRoot: RepositorySimulator().trustedRoot,
            metadataURL: RepositorySimulator.metadataURL, targetsURL: RepositorySimulator.targetsURL,
            fetcher: vendor, clock: customer.clock)
        #expect(await refusal { () async throws(TUFError) in try await updater.refresh() } == .threshold)
        #expect(customer.store.files["timestamp"] == nil)
    }

    @Test("A trusted root that is not signed by itself is refused")
    func unsignedRoot() async {
        vendor.change { content in
            content.signers["root"] = [Ed25519Signer()]
            content.roots = [content.signed("root")]
        }
        #expect(await customer.refusal() == .threshold)
    }

    @Test("Every intermediate root is checked and stored; keys may change with each")
    func rotation() async {
        for _ in 0..<5 { vendor.rotateRoot { RepositorySimulator.replaceKeys(of: .root, count: 2, in: &$0) } }
        #expect(await customer.refusal() == nil)
        #expect(customer.storedVersion("root") == 6)
        #expect(customer.store.files["root"] == vendor.content.roots.last)
        #expect(customer.store.saved.filter { $0 == "root" }.count == 6)
    }

    @Test("A new root that the old keys did not sign is refused")
    func notSignedByOld() async {
        vendor.change { content in
            content.root.version = 2
            RepositorySimulator.replaceKeys(of: .root, in: &content)
            content.roots.append(content.signed("root"))
        }
        #expect(await customer.refusal() == .threshold)
        #expect(customer.storedVersion("root") == 1)
    }

    @Test("A new root that its own keys did not sign is refused")
    func notSignedByNew() async {
        vendor.change { content in
            let old = content.signers["root"]
            content.root.version = 2
            RepositorySimulator.replaceKeys(of: .root, in: &content)
            content.signers["root"] = old
            content.roots.append(content.signed("root"))
        }
        #expect(await customer.refusal() == .threshold)
    }

    @Test("Rollback: an older root under a newer number is refused", arguments: [1, 3] as [Int64])
    func wrongVersion(_ version: Int64) async {
        vendor.change { content in
            content.root.version = version
            content.roots.append(content.signed("root"))
        }
        #expect(await customer.refusal() == .wrongVersion)
    }

    @Test("An expired intermediate root is passed through; an expired last one is not")
    func expiry() async {
        let past = customer.clock.now - 1
        let valid = vendor.content.expires
        vendor.rotateRoot { $0.root.expires = past }
        #expect(await customer.refusal() == .expired)
        vendor.rotateRoot { $0.root.expires = valid }
        #expect(await customer.refusal() == nil)
    }

    @Test("A stored root counts, not the one that came with the program")
    func storedRootCounts() async {
        vendor.rotateRoot { RepositorySimulator.replaceKeys(of: .root, in: &$0) }
        #expect(await customer.refusal() == nil)
        let first = vendor.content.roots[0]
        // The vendor's old keys are stolen: a root 2 by them no longer convinces.
        vendor.change { $0.roots[0] = Array(first.dropLast()) }
        #expect(await customer.refusal() == nil)
    }

    @Test("At most as many new roots as the limit in one refresh; the next goes on")
    func limit() async {
        var customer = customer
        customer.limits.rootRotations = 3
        for _ in 0..<5 { vendor.rotateRoot() }
        #expect(await customer.refusal() == nil)
        #expect(customer.storedVersion("root") == 4)
        #expect(await customer.refusal() == nil)
        #expect(customer.storedVersion("root") == 6)
    }

    @Test("256 roots are followed")
    func many() async {
        for _ in 0..<256 { vendor.rotateRoot() }
        #expect(await customer.refusal() == nil)
        #expect(customer.storedVersion("root") == 257)
    }

    @Test("A failing network is not the end of the roots")
    func networkFailure() async {
        vendor.change { $0.failures["2.root.json"] = .unreachable }
        guard case .fetch(let error)? = await customer.refusal() else {
            Issue.record("a refresh without the root probe succeeded")
            return
        }
        #expect(error.code == .unreachable)
        vendor.change { $0.failures["2.root.json"] = .status(403) }
        #expect(await customer.refusal() == nil)
    }

    @Test("Endless data: a root without end is cut off")
    func endless() async {
        vendor.change { $0.endless = ["2.root.json"] }
        #expect(await customer.refusal() == .tampered)
    }

    @Test("A root that lacks a role, a threshold or a date is malformed")
    func malformed() async {
        let edits: [@Sendable (inout JSONObject) -> Void] = [
            { $0["roles"] = [:] }, { $0["version"] = 0 }, { $0["version"] = "2" }, { $0["expires"] = "tomorrow" },
            { $0["expires"] = "2026-02-30T00:00:00Z" }, { $0["spec_version"] = "2.0.0" }, { $0["_type"] = "snapshot" },
            { $0["consistent_snapshot"] = "yes" }, { $0["keys"] = nil },
        ]
        for edit in edits {
            let customer = Customer()
            customer.vendor.rotateRoot { edit(&$0.root.signed) }
            #expect(await customer.refusal() == .malformed)
        }
    }
}
