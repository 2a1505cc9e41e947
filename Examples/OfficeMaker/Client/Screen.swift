// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Synchronization
import SystemPackage

/// One line of the file of `--events`.
struct ClientEvent: Codable, Sendable {
    enum Name: String, Codable, Sendable {
        case started, loggedIn, refused, warning, ready, cancelled, closing, closed, reconnected, clientOffered,
            updating
        case updateFailed, restarting, ordered, ended
    }

    var event: Name
    var at: Date
    /// The client's own version.
    var version: String
    var person: String?
    var serverVersion: String?
    var secondsLeft: Int?
    /// The client version that is offered.
    var offered: String?
    /// The update run that was ordered.
    var run: String?
}

/// What the person reads, and what scripts follow.
final class Screen: Sendable {
    let language: Language
    private let events: FilePath?
    /// The countdown's line is written over again and again on a terminal.
    private let countdownShown = Mutex(false)
    private let isTerminal = isatty(STDOUT_FILENO) == 1

    init(events: FilePath?, language: Language) throws {
        self.events = events
        self.language = language
    }

    func say(_ text: String) {
        let newLine = countdownShown.withLock { shown in
            defer { shown = false }
            return shown ? "\n" : ""
        }
        FileHandle.standardOutput.write(Data("\(newLine)\(text)\n".utf8))
    }

    func say(_ text: LocalizedText, _ arguments: [String: String] = [:]) {
        say(text.filled(arguments, language: language))
    }

    func say(_ key: TextKey, _ arguments: [String: String] = [:]) {
        say(Catalogue.text(key, arguments, language))
    }

    func complain(_ text: String) {
        FileHandle.standardError.write(Data("om-client: \(text)\n".utf8))
    }

    /// Each second on a terminal; elsewhere only now and then.
    func countdown(_ seconds: Int) {
        let text = Catalogue.text(.countdown, ["time": Catalogue.duration(seconds: seconds, language)], language)
        if isTerminal {
            countdownShown.withLock { $0 = true }
            FileHandle.standardOutput.write(Data("\r\u{1B}[K\(text)".utf8))
        } else if seconds % 30 == 0 || seconds == 10 || (1...5).contains(seconds) {
            say(text)
        }
    }

    func record(_ event: ClientEvent) {
        guard let events else { return }
        do {
            let line = try APIJSON.encode(event)
            let file = try POSIXFileSystem().openForWriting(events, permissions: 0o644, resume: true)
            try file.write((Array(line) + [UInt8(ascii: "\n")])[...])
        } catch {
            complain("\(error)")
        }
    }
}
