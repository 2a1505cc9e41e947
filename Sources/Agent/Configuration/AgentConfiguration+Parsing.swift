// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
public import SystemPackage
import Yams

extension AgentConfiguration {
    /// Reads and checks a configuration file.
    public static func load(_ file: FilePath) throws(ConfigurationError) -> AgentConfiguration {
        let text = try ConfigurationParser.text(of: file)
        let folder = FilePath(URL(fileURLWithPath: file.string).deletingLastPathComponent().path)
        return try parse(text, file: file.string, folder: folder)
    }

    /// - Parameters:
    ///   - file: how the file is called in messages.
    ///   - folder: what relative paths are relative to; absolute itself.
    public static func parse(
        _ text: String, file: String, folder: FilePath
    ) throws(ConfigurationError) -> AgentConfiguration {
        try ConfigurationParser(file: file, folder: folder).parse(text)
    }
}

struct ConfigurationParser {
    let file: String
    let folder: FilePath

    /// Bytes of a configuration; a hundred installations take a tenth of it.
    static let sizeLimit = 1 << 20

    /// Reads no more than the limit, whatever is at that path.
    static func text(of file: FilePath) throws(ConfigurationError) -> String {
        func unreadable(_ reason: String) -> ConfigurationError {
            ConfigurationError(.unreadable, file: file.string, line: nil, reason: reason)
        }
        guard FileManager.default.fileExists(atPath: file.string) else { throw unreadable("there is no such file") }
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file.string))
            defer { try? handle.close() }
            data = try handle.read(upToCount: sizeLimit + 1) ?? Data()
        } catch {
            throw unreadable("the file cannot be read")
        }
        guard data.count <= sizeLimit else { throw unreadable("larger than 1 MiB: this is no configuration") }
        guard let text = String(data: data, encoding: .utf8) else { throw unreadable("this is not UTF-8 text") }
        return text
    }

    func parse(_ text: String) throws(ConfigurationError) -> AgentConfiguration {
        guard let root = try compose(text) else {
            throw ConfigurationError(.missingKey, file: file, line: nil, reason: "the file is empty")
        }
        let top = try ConfigurationSection(
            root, file: file, path: "",
            keys: [
                "listen", "state", "publicURL", "tls", "log", "language", "mail", "mirror", "scryptCost", "bandwidth",
                "installations",
            ])
        var configuration = AgentConfiguration(state: try top.required("state", try path(top, "state")))
        if let listen = try top.string("listen") { configuration.listen = try address(listen, top, "listen") }
        if let url = try top.string("publicURL") {
            configuration.publicURL = try httpURL(url, top, "publicURL", schemes: ["https"], slashAtEnd: false)
        }
        configuration.tls = try tls(top)
        configuration.log = try log(top)
        configuration.language = try top.choice("language", of: Language.self) ?? .english
        if let mail = try mail(top, state: configuration.state) { configuration.mail = mail }
        if let cost = try top.integer("scryptCost", in: 2...(1 << 20)) {
            guard cost & (cost - 1) == 0 else { throw top.error(.badValue, "scryptCost", "must be a power of two") }
            configuration.scryptCost = cost
        }
        if let bandwidth = try top.bytes("bandwidth", in: 1000...1_000_000_000_000) {
            configuration.bandwidth = bandwidth
        }
        if let mirror = try top.section("mirror", keys: ["limit"]),
            let limit = try mirror.bytes("limit", in: 1_000_000...1_000_000_000_000_000)
        {
            configuration.mirrorBytes = limit
        }
        configuration.installations = try installations(top)
        return configuration
    }

    private func compose(_ text: String) throws(ConfigurationError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw ConfigurationError(.syntax, file: file, line: error.line, reason: error.sentence)
        } catch {
            throw ConfigurationError(.syntax, file: file, line: nil, reason: "\(error)")
        }
    }

    private func tls(_ top: ConfigurationSection) throws(ConfigurationError) -> CertificateFiles? {
        guard let section = try top.section("tls", keys: ["certificate", "key"]) else { return nil }
        return CertificateFiles(
            certificate: try section.required("certificate", try path(section, "certificate")),
            key: try section.required("key", try path(section, "key")))
    }

    private func log(_ top: ConfigurationSection) throws(ConfigurationError) -> LogSettings {
        guard let section = try top.section("log", keys: ["format", "level"]) else { return LogSettings() }
        return LogSettings(
            format: try section.choice("format", of: LogSettings.Format.self) ?? .console,
            level: try section.choice("level", of: LogSettings.Level.self) ?? .info)
    }

    private func mail(
        _ top: ConfigurationSection, state: FilePath
    ) throws(ConfigurationError) -> MailSettings? {
        guard let section = try top.section("mail", keys: ["from", "to", "folder", "smtp"]) else { return nil }
        let folder = try path(section, "folder")
        let smtp = try smtp(section)
        var from = try section.string("from") ?? MailAddress.local("ricambio")
        // A mail server takes mail from an address that it knows; a folder does not mind.
        if smtp != nil { from = try section.required("from", try section.string("from")) }
        let to = try section.strings("to") ?? []
        for (key, address) in [("from", from)] + to.map({ ("to", $0) }) {
            guard Self.isMailAddress(address) else {
                throw section.error(.badValue, key, "has “\(address)”, which is not a mail address")
            }
        }
        switch (folder, smtp) {
        case (let folder, nil):
            let folder = folder ?? MailSettings.folder(inState: state)
            return MailSettings(from: from, to: to, transport: .folder(folder))
        case (nil, let smtp?): return MailSettings(from: from, to: to, transport: .smtp(smtp))
        default: throw section.error(.badValue, "smtp", "and “mail.folder”: only one of the two is possible")
        }
    }

    private func smtp(_ mail: ConfigurationSection) throws(ConfigurationError) -> SMTPSettings? {
        guard
            let section = try mail.section(
                "smtp", keys: ["host", "port", "security", "user", "passwordFile", "certificateAuthority"])
        else { return nil }
        let security = try section.choice("security", of: SMTPSettings.Security.self) ?? .starttls
        let host = try section.required("host", try section.string("host"))
        guard Self.isHost(host) else { throw section.error(.badValue, "host", "is not a host name: “\(host)”") }
        let settings = SMTPSettings(
            host: host, port: try section.integer("port", in: 1...65535) ?? (security == .tls ? 465 : 587),
            security: security, user: try section.string("user"), passwordFile: try path(section, "passwordFile"),
            certificateAuthority: try path(section, "certificateAuthority"))
        guard (settings.user == nil) == (settings.passwordFile == nil) else {
            throw section.error(.missingKey, "user", "and “mail.smtp.passwordFile” belong together: give both or none")
        }
        guard settings.security != .none || settings.user == nil else {
            throw section.error(.badValue, "security", "must be starttls or tls where a password is sent")
        }
        return settings
    }

    // MARK: Values that several sections have

    func path(_ section: ConfigurationSection, _ key: String) throws(ConfigurationError) -> FilePath? {
        try section.string(key).map { resolve($0) }
    }

    func resolve(_ text: String) -> FilePath {
        folder.pushing(FilePath(text)).lexicallyNormalized()
    }

    func address(
        _ text: String, _ section: ConfigurationSection, _ key: String
    ) throws(ConfigurationError) -> ListenAddress {
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: ":") {
            host = String(text[..<colon])
            port = Int(text[text.index(after: colon)...])
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard let port, (0...65535).contains(port), Self.isHost(host) else {
            throw section.error(.badValue, key, "must be HOST:PORT such as 127.0.0.1:8443, not “\(text)”")
        }
        return ListenAddress(host: host, port: port)
    }

    /// Ends with a slash.
    func repositoryURL(
        _ text: String, _ section: ConfigurationSection, _ key: String
    ) throws(ConfigurationError) -> String {
        // A folder of this machine, which “bundle import” fills.
        if text.hasPrefix("file:///"), text.utf8.count > 8 { return text.hasSuffix("/") ? text : text + "/" }
        return try httpURL(text, section, key, schemes: ["https", "http"], slashAtEnd: true)
    }

    func httpURL(
        _ text: String, _ section: ConfigurationSection, _ key: String, schemes: [String], slashAtEnd: Bool
    ) throws(ConfigurationError) -> String {
        guard let url = URLComponents(string: text), let scheme = url.scheme, schemes.contains(scheme),
            let host = url.host, !host.isEmpty, url.user == nil, url.fragment == nil
        else {
            let example = "\(schemes.joined(separator: ":// or "))://host/"
            throw section.error(.badValue, key, "must be a URL like \(example), not “\(text)”")
        }
        var result = text
        while result.hasSuffix("/") { result.removeLast() }
        return slashAtEnd ? result + "/" : result
    }

    static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.count <= 253
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._:%".contains($0)) }
    }

    static func isMailAddress(_ text: String) -> Bool {
        // What the outbox would have to leave out later is refused now.
        MailAddress(text) != nil && !text.hasPrefix("-")
    }
}

extension YamlError {
    /// Where the parser gave up.
    fileprivate var line: Int? {
        switch self {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }

    /// Characters of the file's own text that a message shows.
    private static var contextLimit: Int { 200 }

    fileprivate var sentence: String {
        switch self {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _):
            "not valid YAML: \(problem.prefix(Self.contextLimit))"
        case .reader: "not valid YAML: it has a character that no text has"
        case .duplicatedKeysInMapping(let keys, _):
            "the key “\(keys.map { "\($0)" }.sorted().joined(separator: "”, “"))” is there twice"
        default: "not valid YAML: \("\(self)".prefix(Self.contextLimit))"
        }
    }
}
