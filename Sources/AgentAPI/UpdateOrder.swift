// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// What the administrator orders: the body of `POST /v1/installations/{id}/updates`.
public struct UpdateOrder: Codable, Sendable, Hashable {
    /// The version to install; `nil` means the channel's current release.
    public var version: String?
    /// Seconds between the warning and the closing of sessions, 0…3600.
    public var graceSeconds: Int
    /// Who gets the mail; empty means the addresses of the agent's configuration.
    public var email: [String]
    /// Language of the mail (`it`, `en`, `fr`, `de`); `nil` means the agent's configuration.
    public var language: Language?
    /// When to run; `nil` means now.
    public var at: Date?
    /// Update although the running version is down or does not pass its health check: the update may be the repair.
    public var repair: Bool

    public static let defaultGraceSeconds = 120
    public static let allowedGraceSeconds = 0...3600

    public init(
        version: String? = nil, graceSeconds: Int = UpdateOrder.defaultGraceSeconds, email: [String] = [],
        language: Language? = nil, at: Date? = nil, repair: Bool = false
    ) {
        self.version = version
        self.graceSeconds = graceSeconds
        self.email = email
        self.language = language
        self.at = at
        self.repair = repair
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decodeIfPresent(String.self, forKey: .version)
        graceSeconds =
            try container.decodeIfPresent(Int.self, forKey: .graceSeconds) ?? Self.defaultGraceSeconds
        email = try container.decodeIfPresent([String].self, forKey: .email) ?? []
        language = try container.decodeIfPresent(Language.self, forKey: .language)
        at = try container.decodeIfPresent(Date.self, forKey: .at)
        repair = try container.decodeIfPresent(Bool.self, forKey: .repair) ?? false
    }
}
