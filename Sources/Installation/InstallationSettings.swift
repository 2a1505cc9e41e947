// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import SystemPackage

/// Files that belong to the customer inside the application folder.
public struct KeepRule: Sendable, Hashable {
    /// Relative to the application folder: `*` and `?` stay within a name, `**` crosses folders, and a pattern that
    /// names a folder (`backups` or `backups/**`) means everything in it.
    public var pattern: String
    /// Its files are written once and never changed, so they are hard-linked instead of copied.
    public var immutable: Bool

    public init(_ pattern: String, immutable: Bool = false) {
        self.pattern = pattern
        self.immutable = immutable
    }

    /// Whether the pattern can mean anything: relative, no `.` or `..`, not empty.
    public var isValid: Bool { Glob(pattern) != nil }
}

/// How a run finds out that the application works.
public struct HealthCheckSettings: Sendable, Hashable {
    public enum Probe: Sendable, Hashable {
        /// A GET that must answer 200, with JSON whose `version` is compared.
        case http(url: String)
        case tcp(host: String, port: Int)
        /// Arguments, relative to the live folder; must exit with 0, the version must be in its output.
        case command([String])
        /// Nothing is asked: the service must stay up for ``settleSeconds``.
        case running
    }

    public var probe: Probe
    /// Time from the start of the service until it must be healthy.
    public var timeoutSeconds: Double
    /// Whether the version that answers must be the release's.
    public var expectVersion: Bool
    /// For ``Probe/running``.
    public var settleSeconds: Double

    /// `expectVersion` is by default true for HTTP and false for the others.
    public init(
        probe: Probe = .running, timeoutSeconds: Double = 60, expectVersion: Bool? = nil, settleSeconds: Double = 2
    ) {
        self.probe = probe
        self.timeoutSeconds = timeoutSeconds
        self.settleSeconds = settleSeconds
        if let expectVersion {
            self.expectVersion = expectVersion
        } else if case .http = probe {
            self.expectVersion = true
        } else {
            self.expectVersion = false
        }
    }
}

/// How long a run may take. A run ends: past these times the old version is back.
public struct RunLimits: Sendable, Hashable {
    /// From the order until the service is stopped, without the grace time.
    public var preparationSeconds: Double
    /// From stopping until the new version is healthy, without the service's own time-outs.
    public var downSeconds: Double
    /// Time that sessions have for closing after the grace time.
    public var closingSeconds: Double
    /// Attempts at rolling back before a person is asked to help.
    public var rollBackAttempts: Int
    /// How often the journal is rewritten to say that the run is alive.
    public var heartbeatSeconds: Double
    /// Free space that must remain beyond what the update needs, in bytes.
    public var spareBytes: Int64

    public init(
        preparationSeconds: Double = 12 * 3600, downSeconds: Double = 30 * 60, closingSeconds: Double = 10,
        rollBackAttempts: Int = 3, heartbeatSeconds: Double = 30, spareBytes: Int64 = 16 << 20
    ) {
        self.preparationSeconds = preparationSeconds
        self.downSeconds = downSeconds
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
    /// The live folder, absolute.
    public var folder: FilePath
    public var keep: [KeepRule]
    /// Folders (or files) outside ``folder`` that hold the application's data; absolute, or symlinks to them. They are
    /// snapshotted when the release migrates data.
    public var data: [FilePath]
    public var health: HealthCheckSettings
    /// What starts the service, run in ``folder``; empty when no service is started here.
    public var command: [String]
    /// What releases that require an agent compare with; `nil` is not compared.
    public var agentVersion: String?
    /// Seconds that `<name>_old` is kept after a successful update.
    public var retentionSeconds: Double
    /// Language of failures in runs whose order names none.
    public var language: Language
    public var limits: RunLimits

    public init(
        id: String, product: String, channel: String = "stable", component: String = "server", platform: String,
        folder: FilePath, keep: [KeepRule] = [], data: [FilePath] = [], health: HealthCheckSettings = .init(),
        command: [String] = [], agentVersion: String? = nil, retentionSeconds: Double = 0,
        language: Language = .english, limits: RunLimits = .init()
    ) {
        self.id = id
        self.product = product
        self.channel = channel
        self.component = component
        self.platform = platform
        self.folder = folder
        self.keep = keep
        self.data = data
        self.health = health
        self.command = command
        self.agentVersion = agentVersion
        self.retentionSeconds = retentionSeconds
        self.language = language
        self.limits = limits
    }

    public var layout: InstallationLayout { InstallationLayout(folder: folder, id: id) }
}
