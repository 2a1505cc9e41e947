// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Testing

@testable import ricambio

@Suite("What is not understood is refused before anything happens")
struct UsageTests {
    private static let install = [
        "install", "--repository", "https://releases.example.com/", "--root", "root.json", "--product", "om",
        "--folder", "OM",
    ]

    /// The exit code of parsing alone; `nil` when it is fine.
    private func refusal(_ arguments: [String]) -> Int32? {
        do {
            _ = try Ricambio.parseAsRoot(arguments)
            return nil
        } catch {
            return Ricambio.exitCode(for: error) == .validationFailure ? 2 : 1
        }
    }

    private static func replacing(_ option: String, _ value: String) -> [String] {
        guard let index = install.firstIndex(of: option) else { return install + [option, value] }
        var arguments = install
        arguments[index + 1] = value
        return arguments
    }

    @Test("A good installation is accepted, with every option")
    func good() {
        #expect(refusal(Self.install) == nil)
        #expect(refusal(Self.replacing("--repository", "http://127.0.0.1:8080/om")) == nil)
        #expect(
            refusal(Self.install + ["--id", "om-1", "--component", "standalone", "--version", "2.0-beta.1"]) == nil)
    }

    @Test(
        "An installation's names cannot lead out of its folders, and its addresses are some",
        arguments: [
            ("--id", "../../x"), ("--id", ""), ("--id", "a/b"), ("--id", ".hidden"), ("--product", "../om"),
            ("--product", "a\u{0}b"), ("--platform", "linux/../.."), ("--channel", "../stable"),
            ("--component", "clients"), ("--component", "../server"), ("--version", ""), ("--version", "newest"),
            ("--repository", "notaurl"), ("--repository", "ftp://releases.example.com/"), ("--repository", "https://"),
            ("--repository", "file://host/etc/"), ("--repository", "https://a/?x=1"), ("--folder", ""),
            ("--id", String(repeating: "a", count: 65)),
        ])
    func installation(option: String, value: String) {
        #expect(refusal(Self.replacing(option, value)) == 2)
    }

    @Test(
        "A version, a fingerprint, a time or a number that is none",
        arguments: [
            ["update", "--version", ""], ["update", "--version", "9,9"], ["update", "--version", " 2.0"],
            ["update", "--grace", "3601"], ["update", "--at", "soon"], ["logs", "--lines", "0"],
            ["login", "https://agent:8443", "--fingerprint", "xyz"], ["login", "https://agent", "--fingerprint", ""],
            ["status", "--fingerprint", "abc"], ["watch", "--fingerprint", String(repeating: "g", count: 64)],
            ["status", "--language", "klingon"], ["frobnicate"], ["login"],
        ])
    func others(arguments: [String]) {
        #expect(refusal(arguments) == 2)
    }

    @Test("An update of a version that is down is ordered only when it is said that it is the repair")
    func repair() throws {
        let plain = try #require(try Ricambio.parseAsRoot(["update"]) as? UpdateCommand)
        #expect(try !plain.order(now: Date()).repair)
        let repair = try #require(try Ricambio.parseAsRoot(["update", "--repair"]) as? UpdateCommand)
        #expect(try repair.order(now: Date()).repair)
    }
}
