// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// One product at one place on this machine.
public struct InstallationConfiguration: Sendable, Hashable, Identifiable {
    public struct Keep: Sendable, Hashable {
        public var pattern: String
        public var immutable: Bool

        public init(pattern: String, immutable: Bool = false) {
            self.pattern = pattern
            self.immutable = immutable
        }
    }

    public enum Service: Sendable, Hashable {
        /// The agent supervises the application itself.
        case process(command: [String], environment: [String: String], stopTimeout: Double)
        /// Nothing runs: files only.
        case none

        /// What the configuration adds to the application's environment.
        var variables: [String: String] {
            switch self {
            case .process(_, let environment, _): environment
            case .none: [:]
            }
        }
    }

    public enum HealthProbe: Sendable, Hashable {
        case http(String)
        case tcp(host: String, port: Int)
        case command([String])
        /// There is nothing to ask.
        case none

        /// Whether its answer can name a version.
        var canTellVersion: Bool {
            switch self {
            case .http, .command: true
            case .tcp, .none: false
            }
        }
    }

    public struct Health: Sendable, Hashable {
        public var probe: HealthProbe
        /// Seconds.
        public var timeout: Double
        /// Whether the version that answers must be the release's; `nil` means as the running version does: one that
        /// names its version is held to it, one that names none is not.
        public var expectVersion: Bool?

        public init(probe: HealthProbe, timeout: Double = 60, expectVersion: Bool? = nil) {
            self.probe = probe
            self.timeout = timeout
            self.expectVersion = expectVersion
        }
    }

    public var id: String
    public var product: String
    public var channel: String
    public var component: String
    public var platform: String
    public var folder: FilePath
    /// Ends with "/".
    public var repositoryURL: String
    /// The same repository elsewhere, tried in this order when the first address does not answer.
    public var alternativeURLs: [String]
    public var trustedRoot: FilePath
    public var service: Service
    public var health: Health
    public var keep: [Keep]
    public var data: [DataConfiguration]
    /// Seconds that the previous version's folder is kept.
    public var retention: Double

    /// Seven days: whoever misses a file after an update finds it in the old folder.
    public static let defaultRetention: Double = 7 * 86400

    public init(
        id: String, product: String, channel: String = "stable", component: String = "server", platform: String,
        folder: FilePath, repositoryURL: String, alternativeURLs: [String] = [], trustedRoot: FilePath,
        service: Service, health: Health,
        keep: [Keep] = [], data: [DataConfiguration] = [],
        retention: Double = InstallationConfiguration.defaultRetention
    ) {
        self.id = id
        self.product = product
        self.channel = channel
        self.component = component
        self.platform = platform
        self.folder = folder
        self.repositoryURL = repositoryURL
        self.alternativeURLs = alternativeURLs
        self.trustedRoot = trustedRoot
        self.service = service
        self.health = health
        self.keep = keep
        self.data = data
        self.retention = retention
    }
}

/// Data of the application outside its folder: what a release migrates is saved before and put back if it is rolled
/// back.
public enum DataConfiguration: Sendable, Hashable {
    /// A folder or a file, copied while the service is down.
    case path(FilePath)
    /// Data that no copy of files can save, such as a database server's.
    case commands(DataCommandsConfiguration)

    public var path: FilePath? {
        if case .path(let path) = self { path } else { nil }
    }
}

/// How data is saved and put back by programs. Each is a program and its arguments, run in the application folder.
public struct DataCommandsConfiguration: Sendable, Hashable {
    /// For messages and the record of a run; unique in an installation.
    public var name: String
    public var save: [String]
    /// Whether what was saved can be restored; `nil` means that `save` itself proves it.
    public var verify: [String]?
    public var restore: [String]
    /// Prints how many bytes a snapshot takes; `nil` means that nobody knows.
    public var size: [String]?
    /// Seconds that each of them may take.
    public var timeout: Double

    public static let defaultTimeout: Double = 600

    public init(
        name: String, save: [String], verify: [String]? = nil, restore: [String], size: [String]? = nil,
        timeout: Double = DataCommandsConfiguration.defaultTimeout
    ) {
        self.name = name
        self.save = save
        self.verify = verify
        self.restore = restore
        self.size = size
        self.timeout = timeout
    }
}
