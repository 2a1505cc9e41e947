// SPDX-License-Identifier: Apache-2.0
import AgentAPI

extension Language {
    /// The person's language: what `--language` says, else the locale of the environment, else English.
    static func chosen(_ option: Language?, environment: [String: String]) -> Language {
        if let option { return option }
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            if let locale = environment[name], !locale.isEmpty { return Language(locale: locale) ?? .english }
        }
        return .english
    }
}
