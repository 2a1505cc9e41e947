// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AgentAPI

@Suite("The catalogue")
struct CatalogueTests {
    typealias Placed = (place: String, text: LocalizedText)

    /// Every text there is, with where it stands.
    static let texts: [Placed] = failures + words + files

    private static let failures: [Placed] = FailureCode.allCases.flatMap { code -> [Placed] in
        let remedies = code.texts.remedies.map { (place: "\(code).remedies.\($0)", text: $1) }
        return [("\(code).happened", code.texts.happened), ("\(code).remedy", code.texts.remedy)] + remedies
    }

    private static let words: [Placed] = [
        SystemState.allCases.map { ("state.\($0)", $0.text) },
        UpdateStep.allCases.map { ("step.\($0)", $0.text) },
        UpdateOutcome.allCases.map { ("outcome.\($0)", $0.text) },
        ServiceState.allCases.map { ("service.\($0)", $0.text) },
        SessionState.allCases.map { ("session.\($0)", $0.text) },
        NoticeKind.allCases.map { ("notice.\($0)", $0.text) },
        TextKey.allCases.map { ("key.\($0)", $0.text) },
        NotCarriedFile.What.allCases.map { ("not carried.\($0)", $0.text) },
        CommandOutput.Action.allCases.map { ("action.\($0)", $0.text) },
    ].flatMap { (texts: [Placed]) in texts }

    private static let files: [Placed] = [
        ("foreignAhead", .foreignAhead), ("foreignAheadDeleted", .foreignAheadDeleted), ("foreignNow", .foreignNow),
        ("foreignDeleted", .foreignDeleted), ("oldFolder", .oldFolder), ("notCarriedAhead", .notCarriedAhead),
        ("notCarriedNow", .notCarriedNow), ("previousVersionKept", .previousVersionKept),
        ("dataCommandDone", .dataCommandDone), ("dataCommandEnded", .dataCommandEnded),
    ]

    @Test("each text has the same arguments in every language, and none is empty")
    func sameArguments() {
        for (place, text) in Self.texts {
            for language in Language.allCases {
                #expect(!text[language].isEmpty, "\(place) \(language)")
                #expect(text.placeholders(language) == text.placeholders(.english), "\(place) \(language)")
            }
        }
    }

    @Test("each text is complete once its arguments are given: no braces, no brackets, no gap is left")
    func filled() {
        for (place, text) in Self.texts {
            let arguments = Dictionary(uniqueKeysWithValues: text.placeholders(.english).map { ($0, "X") })
            for language in Language.allCases {
                for shown in [text.filled(arguments, language: language), text.filled([:], language: language)] {
                    let marks = ["{", "}", "[[", "]]"].filter { shown.contains($0) }
                    #expect(marks.isEmpty, "\(place) \(language): \(shown)")
                }
                #expect(!text.filled(arguments, language: language).contains("—"), "\(place) \(language)")
            }
        }
    }

    @Test("a sentence of a failure ends as a sentence, in its own language's words")
    func sentences() {
        for code in FailureCode.allCases {
            for text in [code.texts.happened, code.texts.remedy] + code.texts.remedies.values {
                let all = Language.allCases.map { text[$0] }
                #expect(Set(all).count == all.count, "\(code): two languages say the same")
                // A remedy may end in a command to type.
                for sentence in all {
                    #expect(".)]}?".contains(sentence.last ?? " "), "\(code): \(sentence)")
                }
            }
        }
    }

    @Test("failure codes are stable words in kebab case, each once")
    func codes() {
        let codes = FailureCode.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
        for code in codes {
            #expect(code.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil, "\(code)")
        }
    }

    @Test("a failure says what happened, what state the system is in and what to do")
    func failure() {
        let failure = Catalogue.failure(
            .notEnoughSpace, ["path": "/srv", "free": "1200000", "needed": "52428800", "from": "1.0"],
            language: .german)
        #expect(failure.code == "not-enough-space")
        #expect(failure.happened.contains("52,4\u{A0}MB") && failure.happened.contains("1,2\u{A0}MB"))
        #expect(failure.state == "Es wurde nichts verändert: Der Dienst läuft mit Version 1.0 weiter.")
        #expect(failure.remedy.hasPrefix("Schaffen Sie Platz"))
    }

    @Test(
        "a folder that cannot be renamed is told what to do about its own cause, and about each while that is not known",
        arguments: [
            ("immutable", "chattr -i '/srv/OM'"), ("owner", "sticky bit"),
            ("layer", "cp -a '/srv/OM' '/srv/OM.new' && rm -r '/srv/OM' && mv '/srv/OM.new' '/srv/OM'"),
            ("mounted", "mount one level higher"), ("new-kind", "lsattr -d"),
        ])
    func causes(cause: String, remedy: String) {
        let failure = Catalogue.failure(
            .folderCannotMove, ["path": "/srv/OM", "cause": cause, "from": "1.0"], language: .english)
        #expect(failure.remedy.contains(remedy), "\(failure.remedy)")
        #expect(!failure.happened.contains(cause))
    }

    @Test("files that a file system has no room for are counted, not weighed")
    func files() {
        let failure = Catalogue.failure(
            .notEnoughFiles, ["path": "/srv", "free": "12", "needed": "5000"], language: .english)
        #expect(
            failure.happened.replacing("\u{A0}", with: " ")
                == "There would be too many files for the file system of /srv: its inodes do not suffice for 5000 files, "
                + "there is room for 12 files.")
    }

    @Test("no remedy names a command that this program does not have", arguments: Language.allCases)
    func commands(language: Language) {
        let known: Set = [
            "account", "agent", "bundle", "cancel", "history", "install", "login", "logs", "plan", "releases",
            "sessions", "status", "update", "watch",
        ]
        for code in FailureCode.allCases {
            for text in [code.texts.happened, code.texts.remedy] + code.texts.remedies.values {
                for match in text[language].matches(of: /ricambio ([a-z-]+)/) {
                    #expect(known.contains(String(match.1)), "\(code): \(match.0)")
                }
                #expect(!text[language].contains("--adopt"), "\(code)")
            }
        }
    }

    @Test("a service that may be down is never said to go on running; what is left behind never alarms")
    func honestStates() {
        for language in Language.allCases {
            let running = Catalogue.failure(.cancelled, language: language).state
            for code in [FailureCode.serviceUnhealthy, .wentToBackground, .folderUnknown] {
                #expect(Catalogue.failure(code, language: language).state != running, "\(code)")
            }
        }
        #expect(Catalogue.failure(.leftBehind, language: .english).state == "The application is not affected.")
        #expect(
            Catalogue.failure(.truthNotWritten, ["to": "2.0"], language: .english).state
                == "The update itself is complete: the new version 2.0 is running.")
    }

    @Test("the name of a customer's file, or a program's last lines, cannot make another line of a sentence")
    func namesInSentences() {
        let failure = Catalogue.failure(
            .linkInTheWay, ["path": "data\nWhat to do: call 555\u{1B}[2J", "reason": "first\nsecond."],
            language: .english)
        #expect(!failure.happened.contains { $0.isNewline } && !failure.happened.contains("\u{1B}"))
        #expect(failure.happened.contains("(first second)"))
    }

    @Test("an argument that is not known leaves no hole in the sentence")
    func optionalArguments() {
        let known = Catalogue.failure(.portInUse, ["port": "8443", "reason": "address in use"], language: .english)
        #expect(known.happened == "Port 8443 is already in use by another program (address in use).")
        let unknown = Catalogue.failure(.portInUse, ["port": "8443"], language: .english)
        #expect(unknown.happened == "Port 8443 is already in use by another program.")
    }

    @Test("a reason that is a sentence itself does not end the sentence twice")
    func reasonIsASentence() {
        let failure = Catalogue.failure(.unexpected, ["reason": "The disk is gone.\n"], language: .english)
        #expect(failure.happened == "Something unexpected happened: The disk is gone.")
        let interrupted = Catalogue.failure(.interrupted, ["step": "swapping"], language: .german)
        #expect(interrupted.happened.contains("„Austausch“"))
    }

    @Test("an argument's own braces and brackets are shown as they are, never read as a template")
    func hostileArguments() {
        let failure = Catalogue.failure(
            .unexpected, ["reason": "{path}]][[ {reason}", "path": "SECRET"], language: .english)
        #expect(failure.happened == "Something unexpected happened: {path}]][[ {reason}.")
    }

    @Test("the state after a failure can be another than the usual one")
    func state() {
        let failure = Catalogue.failure(.notEnoughSpace, ["from": "1.0"], language: .italian, state: .rolledBack)
        #expect(
            failure.state == "La versione precedente 1.0 è di nuovo al suo posto e in funzione, con i suoi file e dati."
        )
    }

    @Test("a problem's title is the same for every occurrence and language (RFC 9457, section 3.1.4)")
    func problem() {
        let problem = Catalogue.problem(.releaseRecalled, ["version": "2.0"], status: 409, language: .french)
        #expect(problem.title == "Release recalled")
        #expect(problem.type == "urn:ricambio:problem:release-recalled")
        #expect(problem.detail == "L'éditeur a retiré la version 2.0.")
        #expect(problem.status == 409 && problem.remedy?.isEmpty == false)
    }

    @Test(
        "a value as a program prints it never stands in a sentence; words do",
        arguments: [
            "IOError(errnoCode: 98)", "bind(descriptor:ptr:bytes:): Address already in use) (errno: 98))",
            "unreadable(\"/tmp/key.pem\")", "handshakeFailed(NIOSSL.BoringSSLError.sslError([]))",
            "HTTPClientError.unsupportedScheme",
            "The operation could not be completed. (NSCocoaErrorDomain error 256.)",
        ])
    func debugText(reason: String) {
        for language in Language.allCases {
            let failure = Catalogue.failure(.unexpected, ["reason": reason], language: language)
            for mark in ["(error", "errno", "NIOSSL", "HTTPClientError", "ErrorDomain", "\""] {
                #expect(!failure.happened.contains(mark), "\(failure.happened)")
            }
            let plain = Catalogue.failure(.unexpected, ["reason": "no room (12 bytes)"], language: language)
            #expect(plain.happened.contains("no room (12 bytes)"))
        }
    }
}
