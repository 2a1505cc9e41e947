// SPDX-License-Identifier: Apache-2.0

/// The languages that everything people read comes in.
public enum Language: String, Codable, Sendable, CaseIterable, Hashable {
    case italian = "it"
    case english = "en"
    case french = "fr"
    case german = "de"

    /// The language of a locale identifier such as `de_CH.UTF-8` or `fr-CA`; `nil` when it is none of ours.
    public init?(locale: String) {
        let code = locale.prefix { $0.isLetter }.lowercased()
        self.init(rawValue: code)
    }
}
