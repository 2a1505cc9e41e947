// SPDX-License-Identifier: Apache-2.0
import Platform
import Foundation
import Crypto
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("Delegations")
struct DelegationTests {
    private let customer = Customer()
    private var vendor: RepositorySimulator { customer.vendor }

    /// Delegated roles in the order in which a search fetches them.
    private func visited(_ path: String) async throws -> [String] {
        let updater = customer.updater()
        try await updater.refresh()
        vendor.forgetRequests()
        _ = try await updater.target(path)
        return vendor.requests.map { String($0.split(separator: ".")[1]) }
    }

    @Test(
        "A pattern matches segment by segment",
        arguments: [
            ("a/*", "a/b", true), ("a/*", "a/b/c", false), ("*", "a/b", false), ("a/*/c", "a/b/c", true),
            ("*.zip", "x.zip", true), ("*.zip", "d/x.zip", false), ("?.b", "a.b", true), ("?.b", ".b", false),
            ("a*b*c", "aXXbYYc", true), ("a*b*c", "aXXbYY", false), ("", "", true), ("a/", "a/", true),
            ("a/", "a", false), ("*/*", "/", true), ("a", "A", false), ("*a", "aaab", false), ("é?", "éx", true),
            ("[ab].zip", "a.zip", true), ("[ab].zip", "c.zip", false), ("[a-c]x", "bx", true), ("[!a-c]", "b", false),
            ("[!a-c]", "d", true), ("[]a]", "]", true), ("[a-]", "-", true), ("[a", "[a", true), ("[]", "[]", true),
            ("[c-a]", "b", false), ("[!]", "[!]", true), ("*[0-9]", "ab7", true), ("[*]", "x", false),
        ])
    func patterns(_ pattern: String, _ path: String, _ matches: Bool) throws {
        var metadata = EditableMetadata.targets(expires: customer.clock.now)
        metadata.setDelegation(
            to: "r", keys: [Ed25519Signer().key], scope: ["paths": [.string(pattern)]], terminating: false)
        let targets = try Targets(metadata.signed, role: "targets")
        #expect((targets.delegations?.roles(for: path).isEmpty == false) == matches)
    }

    @Test("The search is in pre-order, depth first, and asks only whom it must")
    func preOrder() async throws {
        vendor.delegate(to: "A", scope: ["paths": ["*"]])
        vendor.delegate(to: "B", scope: ["paths": ["*"]])
        vendor.delegate(to: "C", scope: ["paths": ["other/*"]])
        vendor.delegate(from: "A", to: "A1", scope: ["paths": ["*"]])
        vendor.delegate(from: "A", to: "A2", scope: ["paths": ["*"]])
        vendor.delegate(from: "B", to: "B1", scope: ["paths": ["*"]])
        #expect(try await visited("x") == ["A", "A1", "A2", "B", "B1"])
    }

    @Test("A role that lists the target ends the search; the first one counts")
    func firstCounts() async throws {
        vendor.delegate(to: "A", scope: ["paths": ["*"]])
        vendor.delegate(to: "B", scope: ["paths": ["*"]])
        vendor.addTarget("x", [1], to: "B")
        vendor.addTarget("x", [1, 2], to: "A")
        let target = try await customer.updater().target("x")
        #expect(target?.length == 2)
    }

    @Test("A terminating role ends the search, also when it does not know the target")
    func terminating() async throws {
        vendor.delegate(to: "A", scope: ["paths": ["*"]], terminating: true)
        vendor.delegate(to: "B", scope: ["paths": ["*"]])
        vendor.delegate(from: "A", to: "A1", scope: ["paths": ["*"]])
        vendor.addTarget("x", [1], to: "B")
        #expect(try await visited("x") == ["A", "A1"])
        #expect(try await customer.updater().target("x") == nil)
    }

    @Test("Arbitrary installation: a role may not speak for paths that were not delegated to it")
    func outOfScope() async throws {
        vendor.delegate(to: "om-finance", scope: ["paths": ["om-finance/*/*"]])
        vendor.delegate(to: "om-business", scope: ["paths": ["om-business/*/*"]])
        vendor.addTarget("om-business/1.0/release.json", [6, 6, 6], to: "om-finance")
        #expect(try await customer.updater().target("om-business/1.0/release.json") == nil)
    }

    @Test("Arbitrary installation: a delegated role signed by a stranger is refused")
    func stranger() async throws {
        vendor.delegate(to: "om", scope: ["paths": ["om/*"]])
        vendor.addTarget("om/a", [1], to: "om")
        vendor.change { $0.signers["om"] = [Ed25519Signer()] }
        vendor.update(bumping: true)
        let updater = customer.updater()
        #expect(await refusal { () async throws(TUFError) in _ = try await updater.target("om/a") } == .threshold)
        #expect(customer.store.files["om"] == nil)
    }

    @Test("One name delegated twice with different keys is checked for each delegator")
    func twoDelegators() async throws {
        vendor.delegate(to: "A", scope: ["paths": ["a/*"]])
        vendor.delegate(to: "B", scope: ["paths": ["b/*"]])
        let (good, evil) = (Ed25519Signer(), Ed25519Signer())
        vendor.delegate(from: "A", to: "shared", scope: ["paths": ["a/*"]], signers: [good])
        vendor.delegate(from: "B", to: "shared", scope: ["paths": ["b/*"]], signers: [evil])
        vendor.addTarget("a/x", [1], to: "shared")
        let updater = customer.updater()
        // Signed by B's key only: good for B, not for A, in whichever order they ask.
        vendor.addTarget("b/x", [1], to: "shared")
        #expect(try await updater.target("b/x") != nil)
        #expect(await refusal { () async throws(TUFError) in _ = try await updater.target("a/x") } == .threshold)
    }

    @Test("Freeze and mix-and-match: a delegated role is held to its expiry and to the snapshot")
    func delegatedChecks() async throws {
        vendor.delegate(to: "om", scope: ["paths": ["om/*"]])
        let past = customer.clock.now - 1
        vendor.change { $0.targets["om"]?.expires = past }
        vendor.update(bumping: true)
        let updater = customer.updater()
        #expect(await refusal { () async throws(TUFError) in _ = try await updater.target("om/a") } == .expired)
        vendor.change { content in
            content.targets["om"]?.expires = content.expires
            content.saysHashes = false
            content.snapshot.setMeta("om.json", version: 7)
            content.snapshot.version += 1
        }
        vendor.updateTimestamp()
        let old = vendor.signed("om")
        vendor.change { $0.replaced["7.om.json"] = old }
        let next = customer.updater()
        #expect(await refusal { () async throws(TUFError) in _ = try await next.target("om/a") } == .wrongVersion)
    }

    @Test("Cycles end")
    func cycles() async throws {
        let signer = Ed25519Signer()
        vendor.delegate(to: "A", scope: ["paths": ["*"]], signers: [signer])
        vendor.delegate(from: "A", to: "B", scope: ["paths": ["*"]])
        vendor.delegate(from: "B", to: "A", scope: ["paths": ["*"]], signers: [signer])
        #expect(try await visited("x") == ["A", "B"])
    }

    @Test("At most 32 delegated roles are asked")
    func limit() async throws {
        var parent = "targets"
        for number in 1...40 {
            vendor.delegate(from: parent, to: "r\(number)", scope: ["paths": ["*"]])
            parent = "r\(number)"
        }
        vendor.addTarget("x", [1], to: "r33")
        #expect(try await visited("x") == (1...32).map { "r\($0)" })
        #expect(try await customer.updater().target("x") == nil)
        vendor.addTarget("y", [1], to: "r32")
        #expect(try await customer.updater().target("y")?.length == 1)
    }

    @Test("Hash prefixes delegate by the SHA-256 of the path")
    func hashPrefixes() async throws {
        let digest = sha256Hex(Array("x".utf8))
        let prefix = String(digest.prefix(3))
        vendor.delegate(to: "mine", scope: ["path_hash_prefixes": ["ffff", .string(prefix)]])
        vendor.delegate(to: "other", scope: ["path_hash_prefixes": [.string("0" + digest)]])
        #expect(try await visited("x") == ["mine"])
    }

    @Test("Succinct hash bins: the path's first bits name the bin")
    func bins() throws {
        let key = Ed25519Signer().key
        var metadata = EditableMetadata.targets(expires: customer.clock.now)
        metadata.signed["delegations"] = [
            "keys": .object([key.keyID: .object(key.json)]),
            "succinct_roles": [
                "keyids": [.string(key.keyID)], "threshold": 1, "bit_length": 5, "name_prefix": "bin",
            ],
        ]
        let delegations = try #require(try Targets(metadata.signed, role: "targets").delegations)
        for path in ["a", "b/c", "é"] {
            let first = try #require(Array(SHA256.hash(data: Array(path.utf8))).first)
            let number = String(first >> 3, radix: 16)
            let name = "bin-" + (number.count == 1 ? "0" : "") + number
            #expect(delegations.roles(for: path).map(\.name) == [name])
            #expect(delegations.roles(for: path).first?.terminating == true)
            #expect(delegations.keys(of: name) != nil)
        }
        for name in ["bin-20", "bin-1", "bin-001", "bin-0G", "other-00", "bin"] {
            #expect(delegations.keys(of: name) == nil)
        }
        #expect(delegations.keys(of: "bin-1f") != nil)
    }

    @Test("Names of delegated roles are encoded in URLs")
    func encodedNames() async throws {
        vendor.delegate(to: "a/ü b", scope: ["paths": ["x"]])
        vendor.addTarget("x", [1], to: "a/ü b")
        #expect(try await customer.updater().target("x")?.length == 1)
        #expect(vendor.requests.contains("2.a%2F%C3%BC%20b.json"))
    }

    @Test("Delegations that contradict themselves are malformed")
    func malformed() async {
        let scopes: [JSONObject] = [
            [:], ["paths": ["*"], "path_hash_prefixes": ["0"]], ["paths": "x"], ["paths": ["*"], "terminating": 1],
            ["paths": ["*"], "name": "root"], ["paths": ["*"], "name": 1], ["paths": ["*"], "name": ""],
            ["paths": ["*"], "threshold": 0],
        ]
        for scope in scopes {
            let customer = Customer()
            customer.vendor.delegate(to: "A", scope: [:])
            customer.vendor.change { content in
                var delegations = content.targets["targets"]?.signed["delegations"]?.objectValue ?? JSONObject()
                var role = delegations["roles"]?.arrayValue?.first?.objectValue ?? JSONObject()
                for member in scope.members { role[member.key] = member.value }
                delegations["roles"] = [.object(role)]
                content.targets["targets"]?.signed["delegations"] = .object(delegations)
            }
            customer.vendor.update()
            #expect(await customer.refusal() == .malformed, "\(scope)")
        }
    }
}
