// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import SystemPackage

/// Everything `agent.yaml` says, checked. Relative paths have been resolved against the file's folder.
public struct AgentConfiguration: Sendable, Hashable {
    public var listen: ListenAddress
    public var state: FilePath
    /// How workstations reach this agent, without a `/` at the end; `nil` means the address it listens on.
    public var publicURL: String?
    /// The customer's own certificate; `nil` means one that is made on the first start.
    public var tls: CertificateFiles?
    public var log: LogSettings
    public var language: Language
    public var mail: MailSettings
    /// The N of scrypt, a power of two.
    public var scryptCost: Int
    /// Bytes per second that all downloads from vendors may take together; `nil` means all they can get.
    public var bandwidth: Int64?
    /// How much disk space the mirrors of all installations may take together.
    public var mirrorBytes: Int64
    public var installations: [InstallationConfiguration]

    public static let defaultScryptCost = 32768
    public static let defaultMirrorBytes: Int64 = 20_000_000_000

    public init(
        listen: ListenAddress = ListenAddress(host: "127.0.0.1", port: 8443), state: FilePath,
        publicURL: String? = nil, tls: CertificateFiles? = nil, log: LogSettings = LogSettings(),
        language: Language = .english, mail: MailSettings? = nil,
        scryptCost: Int = AgentConfiguration.defaultScryptCost,
        mirrorBytes: Int64 = AgentConfiguration.defaultMirrorBytes,
        installations: [InstallationConfiguration] = []
    ) {
        self.listen = listen
        self.state = state
        self.publicURL = publicURL
        self.tls = tls
        self.log = log
        self.language = language
        self.mail = mail ?? MailSettings(transport: .folder(MailSettings.folder(inState: state)))
        self.scryptCost = scryptCost
        self.mirrorBytes = mirrorBytes
        self.installations = installations
    }
}

public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address; IPv6 without brackets.
    public var host: String
    /// 0 takes an unused one.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

public struct CertificateFiles: Sendable, Hashable {
    /// PEM: the server's certificate first, then its chain.
    public var certificate: FilePath
    public var key: FilePath

    public init(certificate: FilePath, key: FilePath) {
        self.certificate = certificate
        self.key = key
    }
}

public struct LogSettings: Sendable, Hashable {
    public enum Format: String, Sendable, Hashable, CaseIterable {
        case console
        case json
    }

    public enum Level: String, Sendable, Hashable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    public var format: Format
    public var level: Level

    public init(format: Format = .console, level: Level = .info) {
        self.format = format
        self.level = level
    }
}

/// Where mails to the administrator go.
public struct MailSettings: Sendable, Hashable {
    public enum Transport: Sendable, Hashable {
        /// One `.eml` file per mail in this folder.
        case folder(FilePath)
        case smtp(SMTPSettings)
    }

    public var from: String
    /// Who gets a mail when the order names nobody.
    public var to: [String]
    public var transport: Transport

    /// Where mails are without a word about it in the configuration.
    static func folder(inState state: FilePath) -> FilePath { state.appending("mail") }

    /// - Parameter from: by default `ricambio` at this machine.
    public init(
        from: String? = nil, to: [String] = [], transport: Transport
    ) {
        self.from = from ?? MailAddress.local("ricambio")
        self.to = to
        self.transport = transport
    }
}

public struct SMTPSettings: Sendable, Hashable {
    public enum Security: String, Sendable, Hashable, CaseIterable {
        case starttls
        case tls
        /// Neither; only for a server on this machine.
        case none
    }

    public var host: String
    public var port: Int
    public var security: Security
    public var user: String?
    public var passwordFile: FilePath?
    /// PEM file of the authority that signed the mail server's certificate; `nil` means the system's.
    public var certificateAuthority: FilePath?

    public init(
        host: String, port: Int, security: Security = .starttls, user: String? = nil, passwordFile: FilePath? = nil,
        certificateAuthority: FilePath? = nil
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.passwordFile = passwordFile
        self.certificateAuthority = certificateAuthority
    }
}
