// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import RicambioClient
import Testing

@testable import ricambio

@Suite("Errors as a person reads them")
struct ErrorSentenceTests {
    private static let fingerprint = String(repeating: "0f", count: 32)

    private func stranger(_ fingerprint: String?, pinned: Bool = false) -> ClientError {
        ClientError(
            .untrustedAgent, "Not trusted.", agent: "https://agent:8443",
            presented: fingerprint.map { PresentedCertificate(fingerprint: $0, differsFromPinned: pinned) })
    }

    @Test(
        "A first login without a fingerprint shows the one it saw and the command to go on",
        arguments: Language.allCases)
    func firstLogin(language: Language) {
        let error = CommandLineError(describing: stranger(Self.fingerprint), language)
        #expect(error.exit == .notAllowed)
        #expect(error.sentences.count == 3)
        #expect(error.sentences[0].contains("\n\(Self.fingerprint)"))
        #expect(
            error.sentences[2].contains("ricambio login https://agent:8443 --fingerprint \(Self.fingerprint)"))
        #expect(error.sentences[2].contains("tls/fingerprint"))
    }

    @Test("It is said in each language's own words, whether or not a certificate was seen")
    func languages() {
        for error in [stranger(Self.fingerprint), stranger(nil), stranger(Self.fingerprint, pinned: true)] {
            let texts = Language.allCases.map { CommandLineError(describing: error, $0).sentences.joined() }
            #expect(Set(texts).count == Language.allCases.count)
            for text in texts { #expect(!text.contains("—") && !text.contains("{") && !text.contains("[")) }
        }
    }

    @Test("Another certificate than the pinned one is not called unknown, but wrong")
    func otherCertificate() {
        let error = CommandLineError(describing: stranger(Self.fingerprint, pinned: true), .english)
        #expect(error.exit == .notAllowed)
        #expect(error.sentences[0].contains("is not the expected one"))
        #expect(error.sentences[0].contains(Self.fingerprint))
    }

    @Test("An agent that is away is named, with the cause, in the person's language")
    func away() {
        let error = ClientError(.unreachable, "No.", agent: "https://agent", cause: "nobody is there")
        let said = CommandLineError(describing: error, .german)
        #expect(said.exit == .unreachable)
        #expect(said.sentences[0] == "Der Agent https://agent antwortet nicht (nobody is there).")
    }

    @Test("An error that nobody foresaw is still sentences: no text of the program's own")
    func unforeseen() {
        struct Odd: Error { let code = 7 }
        let said = CommandLineError(
            describing: FileError(.noSpace, operation: "write", path: "/x"), .english)
        #expect(said.exit == .failed)
        #expect(said.sentences.count == 3)
        #expect(CommandLineError(describing: Odd(), .english).sentences.count == 3)
    }

    @Test("A version that the vendor does not have is the order's fault, in a run as at the order")
    func unknownVersion() {
        var run = UpdateRun(
            id: "7", installation: "om", product: "om", from: "1.0", to: "9.9", order: UpdateOrder(version: "9.9"),
            requestedBy: "admin")
        run.outcome = .failed
        run.failure = Failure(code: "release-unknown", happened: "", state: "", remedy: "")
        #expect(CommandExit(run) == .usage)
        run.order.version = nil
        #expect(CommandExit(run) == .failed)
        run.order.version = "9.9"
        run.failure = Failure(code: "vendor-unreachable", happened: "", state: "", remedy: "")
        #expect(CommandExit(run) == .failed)
        let refused = ClientError(
            .notFound, "",
            problem: Problem(
                code: "release-unknown", title: "", status: 404, detail: "No 9.9.", state: nil, remedy: nil))
        #expect(CommandLineError(describing: refused, .english).exit == .usage)
    }
}
