// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Everything that people read, in Italian, English, French and German.
public enum Catalogue {
    /// The sentences of a failure.
    ///
    /// - Parameters:
    ///   - arguments: by name, untranslated: `free`, `needed`, `bytes` and `limit` as plain numbers of bytes (of files
    ///     for ``FailureCode/notEnoughFiles``) and `seconds` as a number of seconds are written the language's way here,
    ///     `step` as the step's name; `cause` chooses the remedy.
    ///   - state: what state the system is in; `nil` means the usual one of `code`.
    public static func failure(
        _ code: FailureCode, _ arguments: [String: String] = [:], language: Language, state: SystemState? = nil
    ) -> Failure {
        let texts = code.texts
        let written = write(arguments, language, countsFiles: code == .notEnoughFiles)
        return Failure(
            code: code.rawValue, happened: texts.happened.filled(written, language: language),
            state: (state ?? texts.state).text.filled(written, language: language),
            remedy: texts.remedy(for: arguments["cause"]).filled(written, language: language))
    }

    /// The same sentences as the body of a refused request.
    public static func problem(
        _ code: FailureCode, _ arguments: [String: String] = [:], status: Int, language: Language,
        state: SystemState? = nil
    ) -> Problem {
        let failure = failure(code, arguments, language: language, state: state)
        return Problem(
            code: failure.code, title: title(code), status: status, detail: failure.happened, state: failure.state,
            remedy: failure.remedy)
    }

    /// The name of a step as a person reads it.
    public static func step(_ step: UpdateStep, _ language: Language) -> String { step.text[language] }

    public static func outcome(_ outcome: UpdateOutcome, _ language: Language) -> String { outcome.text[language] }

    public static func service(_ state: ServiceState, _ language: Language) -> String { state.text[language] }

    public static func session(_ state: SessionState, _ language: Language) -> String { state.text[language] }

    /// What a session is told. `product` is the name that people know, e.g. `OM Business`.
    public static func notice(
        _ kind: NoticeKind, product: String, from: String? = nil, to: String? = nil, secondsLeft: Int? = nil,
        language: Language
    ) -> String {
        var arguments = ["product": product]
        arguments["from"] = from
        arguments["to"] = to
        if let secondsLeft { arguments["time"] = duration(seconds: secondsLeft, language) }
        return kind.text.filled(arguments, language: language)
    }

    /// Words of the command line and of client programs.
    public static func text(
        _ key: TextKey, _ arguments: [String: String] = [:], _ language: Language
    ) -> String {
        key.text.filled(write(arguments, language), language: language)
    }

    /// The title of a problem: the code as words, in English, the same for every occurrence (RFC 9457, section 3.1.4).
    private static func title(_ code: FailureCode) -> String {
        let words = code.rawValue.replacing("-", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    private static func write(
        _ arguments: [String: String], _ language: Language, countsFiles: Bool = false
    ) -> [String: String] {
        var written = arguments
        for name in ["free", "needed", "bytes", "limit"] {
            guard let count = arguments[name].flatMap({ Int64($0) }) else { continue }
            written[name] = countsFiles ? counted(Int(count), .file, language) : bytes(count, language)
        }
        if let seconds = arguments["seconds"].flatMap({ Double($0) }) {
            written["seconds"] = duration(seconds: Int(seconds.rounded(.up)), language)
        }
        // Names of files may hold anything.
        for name in ["path", "other", "listener"] { written[name] = arguments[name].map(visible) }
        // A reason is a whole sentence where it comes from, and a part of one here; or a few lines of a program.
        if let reason = arguments["reason"] {
            let words = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
            let plain = words.trimmingCharacters(in: .whitespacesAndNewlines).trimmingSuffix(".")
            written["reason"] = isDebugText(plain) ? nil : visible(String(plain))
        }
        if let step = arguments["step"].flatMap(UpdateStep.init(rawValue:)) { written["step"] = step.text[language] }
        return written
    }
}

extension Catalogue {
    /// A value of a program as its developers print it, such as `IOError(errnoCode: 98)`: it belongs into the log. Those
    /// who throw give a reason in words; this is the net below them.
    private static func isDebugText(_ reason: some StringProtocol) -> Bool {
        let marks = ["(error", "errno", "NIOSSL", "BoringSSL", "HTTPClientError", "Error Domain=", "ErrorDomain"]
        return marks.contains { reason.contains($0) } || String(reason).contains(#/\w\((?:"|\w+:|\w+\()/#)
    }
}

/// What state a failure left the system in.
public enum SystemState: String, Codable, Sendable, CaseIterable, Hashable {
    /// The service runs as before; arguments: `from` if known.
    case untouched
    /// The old version is back and healthy; arguments: `from` if known.
    case rolledBack
    /// The old version is in its place, but its service is not running.
    case notRunning
    /// The new version is in place and runs; what failed came after it.
    case updated
    /// The agent did not start.
    case agentNotStarted
    /// Nothing was installed.
    case nothingInstalled
    /// A request was refused and changed nothing.
    case nothingChanged
    /// The client keeps its version; its server is not touched.
    case clientUnchanged
    /// The installed version is in its place, but its service is not running.
    case serviceDown
    /// Whatever it is, the application does not notice.
    case unaffected
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> Substring {
        hasSuffix(suffix) && !hasSuffix("..") ? dropLast(suffix.count) : self[...]
    }
}
