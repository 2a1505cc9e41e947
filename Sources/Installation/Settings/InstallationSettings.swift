// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Platform
public import Replacement
public import SystemPackage

/// How a run finds out that the application works.
public struct HealthCheckSettings: Sendable, Hashable {
    public enum Probe: Sendable, Hashable {
        /// A GET that must answer 200, with JSON whose `version` is compared.
        case http(url: String)
        case tcp(host: String, port: Int)
        /// Arguments, relative to the live folder; must exit with 0, the version must be in its output.
        case command([String])
        /// Nothing is asked: the service must be up.
        case running
    }

    public var probe: Probe
    /// Time from the start of the service until it must be healthy.
    public var timeoutSeconds: Double
    /// Whether the version that answers must be the release's; `nil`: where a version is said, it must be.
    public var expectVersion: Bool?

    /// `expectVersion` is by default `nil` for HTTP, and false for the others, which have no place for a version.
    public init(probe: Probe = .running, timeoutSeconds: Double = 60, expectVersion: Bool? = nil) {
        self.probe = probe
        self.timeoutSeconds = timeoutSeconds
        if case .http = probe {
            self.expectVersion = expectVersion
        } else {
            self.expectVersion = expectVersion ?? false
        }
    }
}

/// How long a run may take. A run ends: past these times the old version is back.
public struct RunLimits: Sendable, Hashable {
    /// From the order until the service is stopped, without the grace time.
    public var preparationSeconds: Double
    /// Beyond what the configuration allows for stopping, data and health: time for the rest of what is done while the
    /// service is down.
    public var downReserveSeconds: Double
    /// Time that sessions have for closing after the grace time.
    public var closingSeconds: Double
    /// Attempts at rolling back before a person is asked to help.
    public var rollBackAttempts: Int
    /// How often the journal is rewritten to say that the run is alive.
    public var heartbeatSeconds: Double
    /// Free space that must remain beyond what the update needs, in bytes.
    public var spareBytes: Int64

    public init(
        preparationSeconds: Double = 12 * 3600, downReserveSeconds: Double = 120, closingSeconds: Double = 10,
        rollBackAttempts: Int = 3, heartbeatSeconds: Double = 30, spareBytes: Int64 = 16 << 20
    ) {
        self.preparationSeconds = preparationSeconds
        self.downReserveSeconds = downReserveSeconds
        self.closingSeconds = closingSeconds
        self.rollBackAttempts = rollBackAttempts
        self.heartbeatSeconds = heartbeatSeconds
        self.spareBytes = spareBytes
    }
}

/// One product at one place on a customer's machine, as the configuration describes it.
public struct InstallationSettings: Sendable, Hashable {
    public var id: String
    public var product: String
    public var channel: String
    public var component: String
    public var platform: String
    /// The live folder, absolute, and no symlink: ``following(links:)``.
    public var folder: FilePath
    /// The path that the configuration names, when that is a symlink to ``folder``.
    public var link: FilePath?
    public var keep: [KeepRule]
    /// What holds the application's data outside ``folder``: saved when the release migrates data.
    public var data: [DataSource]
    public var health: HealthCheckSettings
    /// What starts the service, run in ``folder``; empty when no service is started here.
    public var command: [String]
    /// Seconds between asking the service to stop and forcing it.
    public var stopSeconds: Double
    /// What releases that require an agent compare with; `nil` is not compared.
    public var agentVersion: String?
    /// Seconds that `<name>_old` is kept after a successful update.
    public var retentionSeconds: Double
    /// Language of failures in runs whose order names none.
    public var language: Language
    public var limits: RunLimits

    public init(
        id: String, product: String, channel: String = "stable", component: String = "server", platform: String,
        folder: FilePath, keep: [KeepRule] = [], data: [DataSource] = [], health: HealthCheckSettings = .init(),
        command: [String] = [], stopSeconds: Double = 30, agentVersion: String? = nil,
        retentionSeconds: Double = 7 * 86400,
        language: Language = .english, limits: RunLimits = .init()
    ) {
        self.id = id
        self.product = product
        self.channel = channel
        self.component = component
        self.platform = platform
        self.folder = folder.lexicallyNormalized()
        link = nil
        self.keep = keep
        self.data = data
        self.health = health
        self.command = command
        self.stopSeconds = stopSeconds
        self.agentVersion = agentVersion
        self.retentionSeconds = retentionSeconds
        self.language = language
        self.limits = limits
    }

    public var layout: InstallationLayout { InstallationLayout(folder: folder, id: id) }

    /// The same for where the folder really is: a customer may have moved it to a larger disk and left a link. What
    /// belongs to it lies beside its real place.
    public func following(links fileSystem: any FileSystem) throws(FileError) -> InstallationSettings {
        let real = try fileSystem.followingLinks(folder).lexicallyNormalized()
        guard real != folder else { return self }
        var settings = self
        (settings.folder, settings.link) = (real, folder)
        return settings
    }
}
