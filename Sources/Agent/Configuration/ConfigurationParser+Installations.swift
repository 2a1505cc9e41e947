// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import Yams

extension ConfigurationParser {
    func installations(_ top: ConfigurationSection) throws(ConfigurationError) -> [InstallationConfiguration] {
        var result: [InstallationConfiguration] = []
        for (index, node) in (try top.nodes("installations") ?? []).enumerated() {
            let section = try ConfigurationSection(
                node, file: file, path: "installations[\(index)]",
                keys: [
                    "id", "product", "channel", "component", "platform", "folder", "repository", "service", "health",
                    "keep", "data", "retention",
                ])
            let installation = try installation(section)
            guard !result.contains(where: { $0.id == installation.id }) else {
                throw section.error(.badValue, "id", "“\(installation.id)” is used twice")
            }
            // Two owners of one folder would swap it under each other.
            guard !result.contains(where: { $0.folder == installation.folder }) else {
                throw section.error(.badValue, "folder", "“\(installation.folder)” belongs to another installation")
            }
            result.append(installation)
        }
        return result
    }

    private func installation(_ section: ConfigurationSection) throws(ConfigurationError) -> InstallationConfiguration {
        let service = try service(section)
        guard
            let repository = try section.section("repository", keys: ["url", "alternatives", "root"])
        else { throw section.error(.missingKey, "repository", "is missing: give its url and its root") }
        let product = try name(section, "product")
        let url = try repository.required("url", try repository.string("url"))
        var alternatives: [String] = []
        for alternative in try repository.strings("alternatives") ?? [] {
            alternatives.append(
                try repositoryURL(alternative, repository, "alternatives"))
        }
        let folder = try section.required("folder", try path(section, "folder"))
        guard folder.lastComponent != nil else {
            throw section.error(.badValue, "folder", "must be an application's own folder, not “\(folder)”")
        }
        return InstallationConfiguration(
            id: try optionalName(section, "id") ?? product, product: product,
            channel: try optionalName(section, "channel") ?? "stable",
            component: try optionalName(section, "component") ?? "server",
            platform: try optionalName(section, "platform") ?? Self.thisPlatform,
            folder: folder,
            repositoryURL: try repositoryURL(url, repository, "url"),
            alternativeURLs: alternatives,
            trustedRoot: try repository.required("root", try path(repository, "root")), service: service,
            health: try health(section, service: service), keep: try keep(section),
            data: try data(section),
            retention: try section.seconds("retention", in: 0...(366 * 86400))
                ?? InstallationConfiguration.defaultRetention)
    }

    /// Identifiers become parts of paths and URLs.
    func name(_ section: ConfigurationSection, _ key: String) throws(ConfigurationError) -> String {
        let text = try section.required(key, try section.string(key))
        guard Self.isName(text) else {
            throw section.error(
                .badValue, key,
                "may have letters, digits, “-”, “_” and “.” and must begin with a letter or digit, unlike “\(text)”")
        }
        return text
    }

    private func optionalName(_ section: ConfigurationSection, _ key: String) throws(ConfigurationError) -> String? {
        guard section.has(key) else { return nil }
        return try name(section, key)
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter || first.isNumber, text.count <= 64 else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    private func service(
        _ installation: ConfigurationSection
    ) throws(ConfigurationError) -> InstallationConfiguration.Service {
        guard
            let section = try installation.section(
                "service", keys: ["type", "command", "environment", "stopTimeout"])
        else { return .none }
        switch try section.choice("type", of: ServiceType.self) ?? .process {
        case .none: return .none
        case .process:
            let command = try section.required("command", try section.command("command"))
            return .process(
                command: command, environment: try section.dictionary("environment") ?? [:],
                stopTimeout: try section.seconds("stopTimeout", in: 0...3600) ?? 30)
        }
    }

    private enum ServiceType: String, CaseIterable {
        case process
        case none
    }

    private func health(
        _ installation: ConfigurationSection, service: InstallationConfiguration.Service
    ) throws(ConfigurationError) -> InstallationConfiguration.Health {
        guard
            let section = try installation.section(
                "health", keys: ["http", "tcp", "command", "timeout", "expectVersion"])
        else {
            // A service whose health nobody can ask for could never be proven healthy.
            guard service == .none else {
                throw installation.error(.missingKey, "health", "is missing: give http, tcp or command")
            }
            return InstallationConfiguration.Health(probe: .none, expectVersion: false)
        }
        let given = ["http", "tcp", "command"].filter(section.has)
        guard given.count == 1 else {
            throw section.error(.badValue, given.last ?? "http", "needs exactly one of http, tcp and command")
        }
        let probe = try probe(section)
        let timeout = try section.seconds("timeout", in: 1...3600) ?? 60
        let expectVersion = try section.boolean("expectVersion")
        guard expectVersion != true || probe.canTellVersion else {
            throw section.error(.badValue, "expectVersion", "cannot be true with tcp, which tells no version")
        }
        return InstallationConfiguration.Health(probe: probe, timeout: timeout, expectVersion: expectVersion)
    }

    private func probe(
        _ section: ConfigurationSection
    ) throws(ConfigurationError) -> InstallationConfiguration.HealthProbe {
        if let url = try section.string("http") {
            _ = try httpURL(url, section, "http", schemes: ["http", "https"], slashAtEnd: false)
            return .http(url)
        }
        if let text = try section.string("tcp") {
            let address = try address(text, section, "tcp")
            guard address.port > 0 else { throw section.error(.badValue, "tcp", "needs a port above 0") }
            return .tcp(host: address.host, port: address.port)
        }
        return .command(try section.required("command", try section.command("command")))
    }

    private func keep(
        _ installation: ConfigurationSection
    ) throws(ConfigurationError) -> [InstallationConfiguration.Keep] {
        var rules: [InstallationConfiguration.Keep] = []
        for (index, node) in (try installation.nodes("keep") ?? []).enumerated() {
            var rule: InstallationConfiguration.Keep
            if let text = node.scalar?.string {
                rule = .init(pattern: text)
            } else {
                let section = try ConfigurationSection(
                    node, file: file, path: installation.name("keep[\(index)]"), keys: ["path", "immutable"])
                rule = .init(
                    pattern: try section.required("path", try section.string("path")),
                    immutable: try section.boolean("immutable") ?? false)
            }
            let parts = rule.pattern.split(separator: "/", omittingEmptySubsequences: false)
            guard !rule.pattern.isEmpty, !parts.contains(".."), !parts.contains("."), !parts.contains("") else {
                throw ConfigurationError(
                    .badValue, file: file, line: node.mark?.line,
                    reason: "“\(installation.name("keep"))” has “\(rule.pattern)”: "
                        + "a pattern is relative to the application folder, without “.”, “..” or empty parts")
            }
            rules.append(rule)
        }
        return rules
    }

    /// The component platform of this machine.
    static var thisPlatform: String {
        #if arch(arm64)
            let architecture = "aarch64"
        #else
            let architecture = "x86_64"
        #endif
        #if os(macOS)
            return "macos-\(architecture)"
        #elseif os(Windows)
            return "windows-\(architecture)"
        #else
            return "linux-\(architecture)"
        #endif
    }
}
