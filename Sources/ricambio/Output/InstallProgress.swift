// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Installation
import Synchronization

/// One line that is redrawn while a release is being installed.
final class InstallProgress: Sendable {
    private let language: Language
    private let shown = Mutex<String>("")

    init(language: Language) {
        self.language = language
    }

    /// Comes from any thread, and far more often than anybody can read: writes only what is new.
    func show(_ stage: Installer.Stage, _ done: Int64, _ total: Int64) {
        let step: UpdateStep = stage == .downloading ? .downloading : .staging
        let line =
            "\(Catalogue.step(step, language)): \(Catalogue.bytes(done, language)) / \(Catalogue.bytes(total, language))"
        shown.withLock { last in
            guard line != last else { return }
            last = line
            Console.write("\r\u{1B}[K" + line)
        }
    }

    func clear() {
        shown.withLock { last in
            if !last.isEmpty { Console.write("\r\u{1B}[K") }
            last = ""
        }
    }
}
