// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Agent

@Suite struct ConfigurationTests {
    static let complete = """
        listen: 127.0.0.1:8443
        state: ./state
        publicURL: https://server:8443/
        tls: { certificate: cert.pem, key: /etc/key.pem }
        log: { format: json, level: debug }
        language: it
        mail:
          from: ricambio@example.com
          to: [admin@example.com]
          smtp: { host: mail.example.com, port: 587, security: starttls, user: u, passwordFile: ./smtp.password }
        scryptCost: 1024
        mirror: { limit: 5 GB }
        installations:
          - id: om-business
            product: om-business
            channel: stable
            folder: /srv/OM Business
            repository: { url: "http://127.0.0.1:9000", root: ./root.json }
            service:
              type: process
              command: ["./om-server", "--port", "9100"]
              environment: { OM_DATA: /srv/data, PORT: 9100 }
              stopTimeout: 30
            health: { http: "http://127.0.0.1:9100/health", timeout: 60 }
            keep:
              - preferences/**
              - { path: backups/**, immutable: true }
            data: [/srv/data, ./more]
            retention: 3600
        """

    private func parse(_ text: String) throws(ConfigurationError) -> AgentConfiguration {
        try AgentConfiguration.parse(text, file: "agent.yaml", folder: "/etc/ricambio")
    }

    @Test("every key of the guide is read, paths relative to the file")
    func everything() throws {
        let configuration = try parse(Self.complete)
        #expect(configuration.listen == ListenAddress(host: "127.0.0.1", port: 8443))
        #expect(configuration.state == "/etc/ricambio/state")
        #expect(configuration.publicURL == "https://server:8443")
        #expect(configuration.tls?.certificate == "/etc/ricambio/cert.pem")
        #expect(configuration.tls?.key == "/etc/key.pem")
        #expect(configuration.log == LogSettings(format: .json, level: .debug))
        #expect(configuration.language == .italian)
        #expect(configuration.scryptCost == 1024)
        #expect(configuration.mirrorBytes == 5_000_000_000)
        guard case .smtp(let smtp) = configuration.mail.transport else {
            Issue.record("no smtp")
            return
        }
        #expect(smtp.passwordFile == "/etc/ricambio/smtp.password")
        let installation = try #require(configuration.installations.first)
        #expect(installation.component == "server")
        #expect(installation.repositoryURL == "http://127.0.0.1:9000/")
        #expect(installation.trustedRoot == "/etc/ricambio/root.json")
        #expect(
            installation.service
                == .process(
                    command: ["./om-server", "--port", "9100"], environment: ["OM_DATA": "/srv/data", "PORT": "9100"],
                    stopTimeout: 30))
        #expect(
            installation.health == .init(probe: .http("http://127.0.0.1:9100/health"), timeout: 60, expectVersion: nil)
        )
        #expect(installation.keep == [.init(pattern: "preferences/**"), .init(pattern: "backups/**", immutable: true)])
        #expect(installation.data == [.path("/srv/data"), .path("/etc/ricambio/more")])
        #expect(installation.retention == 3600)
    }

    private func installation(_ lines: String...) throws -> InstallationConfiguration {
        let minimal = """
            state: s
            installations:
              - product: tool
                folder: tool
                repository: { url: "https://vendor/", root: r }

            """
        let text = minimal + lines.map { "    " + $0 }.joined(separator: "\n")
        return try #require(try parse(text).installations.first)
    }

    @Test("the old folder is kept for seven days unless the configuration says otherwise; 0 deletes it at once")
    func retention() throws {
        #expect(try installation().retention == 7 * 86400)
        #expect(try installation("retention: 0").retention == 0)
    }

    @Test("whether a version is expected is not decided before the running one was asked, unless it is said")
    func expectVersion() throws {
        #expect(try installation("health: { command: [./check] }").health.expectVersion == nil)
        #expect(try installation("health: { tcp: \"127.0.0.1:80\" }").health.expectVersion == nil)
        #expect(try installation("health: { command: [./check], expectVersion: true }").health.expectVersion == true)
        #expect(try installation("health: { tcp: \"h:80\", expectVersion: false }").health.expectVersion == false)
    }

    @Test("data that no copy of files can save is saved, proven, put back and measured by commands")
    func dataCommands() throws {
        let full = try installation(
            "data:", "  - /srv/files", "  - commands:", "      name: om", "      save: [pg_dump, om]",
            "      verify: [pg_restore, --list]", "      restore: [pg_restore, om]", "      size: [psql, om]",
            "      timeout: 30")
        #expect(
            full.data == [
                .path("/srv/files"),
                .commands(
                    DataCommandsConfiguration(
                        name: "om", save: ["pg_dump", "om"], verify: ["pg_restore", "--list"],
                        restore: ["pg_restore", "om"], size: ["psql", "om"], timeout: 30)),
            ])
        let least = try installation("data: [{ commands: { name: om, save: [a], restore: [b] } }]")
        #expect(
            least.data == [
                .commands(
                    DataCommandsConfiguration(
                        name: "om", save: ["a"], verify: nil, restore: ["b"], size: nil, timeout: 600))
            ])
    }

    @Test(
        "data commands that cannot be right are refused with key and line",
        arguments: [
            ("{ name: om, save: [a] }", "restore”", ConfigurationError.Code.missingKey),
            ("{ name: om, restore: [a] }", "save”", .missingKey),
            ("{ save: [a], restore: [b] }", "name”", .missingKey),
            ("{ name: om, save: [], restore: [b] }", "save”", .badValue),
            ("{ name: om, save: pg_dump om, restore: [b] }", "save”", .wrongType),
            ("{ name: om, save: [a], restore: [b], size: [] }", "size”", .badValue),
            ("{ name: ../om, save: [a], restore: [b] }", "name”", .badValue),
            ("{ name: om, save: [a], restore: [b], timeout: 0 }", "timeout”", .badValue),
            ("{ name: om, save: [a], restore: [b], timeout: 86401 }", "timeout”", .badValue),
            ("{ name: om, save: [a], restroe: [b] }", "did you mean “restore”?", .unknownKey),
        ])
    func dataCommandsRefused(commands: String, complaint: String, code: ConfigurationError.Code) throws {
        let error = #expect(throws: ConfigurationError.self) {
            _ = try installation("data:", "  - /srv/files", "  - commands: \(commands)")
        }
        #expect(error?.code == code)
        #expect(error?.line == 8)
        #expect(error?.reason.contains(complaint) == true, "\(error?.reason ?? "")")
        #expect(error?.reason.contains("installations[0].data[1]") == true, "\(error?.reason ?? "")")
    }

    @Test("what the administrator's guide shows is understood as it stands there")
    func guide() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/guide-administrator.md")
        let blocks = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```yaml\n").dropFirst()
            .compactMap { $0.components(separatedBy: "```").first }
        #expect(blocks.count == 2)
        let whole = try #require(blocks.first)
        #expect(try parse(whole).installations.first?.data == [.path("/srv/om-data")])
        let line = try #require(whole.split(separator: "\n").first { $0.hasPrefix("    data:") })
        let shown = try parse(whole.replacing(line + "\n", with: blocks[1])).installations.first?.data
        guard case .commands(let commands) = shown?.last else {
            Issue.record("no commands: \(String(describing: shown))")
            return
        }
        #expect(commands.name == "om-database" && commands.timeout == 1800)
        #expect(commands.save.last == "pg_dump --format=custom --file=\"$RICAMBIO_SNAPSHOT/om.dump\" om")
    }

    @Test("an entry of data is a path or commands, and no two have one name")
    func dataEntries() throws {
        let command = #expect(throws: ConfigurationError.self) {
            _ = try installation("data: [{ comands: { name: om, save: [a], restore: [b] } }]")
        }
        #expect(command?.code == .unknownKey)
        #expect(command?.reason.contains("did you mean “commands”?") == true)
        let empty = #expect(throws: ConfigurationError.self) { _ = try installation("data: [\"\"]") }
        #expect(empty?.code == .badValue)
        let list = #expect(throws: ConfigurationError.self) { _ = try installation("data: [[a]]") }
        #expect(list?.code == .wrongType)
        let twice = #expect(throws: ConfigurationError.self) {
            let entry = "{ commands: { name: om, save: [a], restore: [b] } }"
            _ = try installation("data: [\(entry), \(entry)]")
        }
        #expect(twice?.reason.contains("“om” twice") == true)
    }

    @Test("without a word about mail it goes into the state folder, from this machine")
    func mailDefault() throws {
        let machine = MailAddress.local("ricambio")
        let silent = try parse("state: ./state")
        #expect(silent.mail == MailSettings(from: machine, to: [], transport: .folder("/etc/ricambio/state/mail")))
        let named = try parse("state: ./state\nmail: { to: [admin@example.com] }")
        #expect(named.mail.to == ["admin@example.com"])
        #expect(named.mail.transport == .folder("/etc/ricambio/state/mail"))
        let folder = try parse("state: ./state\nmail: { folder: ./mails, from: a@example.com }")
        #expect(folder.mail == MailSettings(from: "a@example.com", to: [], transport: .folder("/etc/ricambio/mails")))
        #expect(AgentConfiguration(state: "/s").mail.transport == .folder("/s/mail"))
        let server = #expect(throws: ConfigurationError.self) {
            _ = try parse("state: s\nmail: { smtp: { host: mail.example.com } }")
        }
        #expect(server?.code == .missingKey)
        #expect(server?.reason.contains("mail.from") ?? false, "\(server?.reason ?? "")")
        let both = #expect(throws: ConfigurationError.self) {
            _ = try parse("state: s\nmail: { from: a@example.com, folder: m, smtp: { host: mail.example.com } }")
        }
        #expect(both?.reason.contains("mail.folder") ?? false)
    }

    @Test("an unknown key is refused with its line and the nearest spelling")
    func unknownKeys() throws {
        let cases: [(String, String, String, Int)] = [
            ("state: ./state", "sate: ./state", "state", 2),
            ("publicURL:", "publicUrl:", "publicURL", 3),
            ("log: { format", "log: { fromat", "format", 5),
            ("  from:", "  form:", "from", 8),
            ("security:", "secutiry:", "security", 10),
            ("    folder:", "    foldre:", "folder", 17),
            ("stopTimeout:", "stoptimeout:", "stopTimeout", 23),
            ("immutable:", "imutable:", "immutable", 27),
        ]
        for (right, wrong, nearest, line) in cases {
            let error = #expect(throws: ConfigurationError.self) {
                _ = try parse(Self.complete.replacing(right, with: wrong))
            }
            #expect(error?.code == .unknownKey)
            #expect(error?.line == line, "\(wrong)")
            #expect(error?.description.hasPrefix("agent.yaml:\(line): unknown key") ?? false)
            #expect(error?.reason.contains("did you mean “\(nearest)”?") ?? false, "\(error?.reason ?? "")")
        }
    }

    @Test("a key that is like none is answered with the ones there are")
    func unlikeAny() throws {
        let error = #expect(throws: ConfigurationError.self) { _ = try parse("state: s\nquux: 1\n") }
        #expect(error?.line == 2)
        #expect(error?.reason.contains("listen") ?? false)
    }

    @Test(
        "a value that cannot be right is refused with its key and line",
        arguments: [
            ("listen: 127.0.0.1:8443", "listen: 8443", "listen", 1),
            ("listen: 127.0.0.1:8443", "listen: 127.0.0.1:99999", "listen", 1),
            ("publicURL: https:", "publicURL: http:", "publicURL", 3),
            ("format: json", "format: xml", "log.format", 5),
            ("language: it", "language: es", "language", 6),
            ("from: ricambio@example.com", "from: ricambio", "mail.from", 8),
            ("[admin@example.com]", "admin@example.com", "mail.to", 9),
            ("[admin@example.com]", "[\"a@b.c\\nBcc: x@y.z\"]", "mail.to", 9),
            ("user: u,", "", "mail.smtp.user", 10),
            ("security: starttls", "security: none", "mail.smtp.security", 10),
            ("port: 587", "port: many", "mail.smtp.port", 10),
            ("scryptCost: 1024", "scryptCost: 1000", "scryptCost", 11),
            ("limit: 5 GB", "limit: 5 gigabytes", "mirror.limit", 12),
            ("limit: 5 GB", "limit: much", "mirror.limit", 12),
            ("limit: 5 GB", "limit: 5", "mirror.limit", 12),
            ("limit: 5 GB", "limit: 99999999999999999999", "mirror.limit", 12),
            ("limit: 5 GB", "limit: 9999999999 TiB", "mirror.limit", 12),
            ("id: om-business", "id: ../om", "installations[0].id", 14),
            ("folder: /srv/OM Business", "folder: /", "installations[0].folder", 17),
            ("http://127.0.0.1:9000\"", "ftp://127.0.0.1\"", "installations[0].repository.url", 18),
            ("type: process", "type: proces", "installations[0].service.type", 20),
            ("command: [\"./om-server\", \"--port\", \"9100\"]", "command: []", "installations[0].service.command", 21),
            ("stopTimeout: 30", "stopTimeout: soon", "installations[0].service.stopTimeout", 23),
            ("timeout: 60", "timeout: 0", "installations[0].health.timeout", 24),
            ("http: \"http://127.0.0.1:9100/health\",", "", "installations[0].health.http", 24),
            ("- preferences/**", "- ../preferences", "installations[0].keep", 26),
            ("immutable: true", "immutable: maybe", "keep[1].immutable", 27),
            ("retention: 3600", "retention: -1", "installations[0].retention", 29),
        ])
    func badValues(right: String, wrong: String, key: String, line: Int) throws {
        #expect(Self.complete.contains(right))
        let error = #expect(throws: ConfigurationError.self) {
            _ = try parse(Self.complete.replacing(right, with: wrong))
        }
        #expect(error?.line == line)
        #expect(error?.reason.contains(key) ?? false, "\(error?.reason ?? "")")
    }

    @Test("two installations cannot share an id or a folder")
    func shared() throws {
        let start = try #require(Self.complete.range(of: "  - id"))
        let installation = String(Self.complete[start.lowerBound...])
        let sameID = Self.complete + "\n" + installation.replacing("OM Business", with: "Other")
        #expect(throws: ConfigurationError.self) { _ = try parse(sameID) }
        let sameFolder = Self.complete + "\n" + installation.replacing("id: om-business", with: "id: other")
        let error = #expect(throws: ConfigurationError.self) { _ = try parse(sameFolder) }
        #expect(error?.reason.contains("belongs to another installation") ?? false)
    }

    @Test("what is not YAML, or has a key twice, is refused with its line")
    func syntax() throws {
        let broken = #expect(throws: ConfigurationError.self) { _ = try parse("state: s\nlog: { format: json\n") }
        #expect(broken?.code == .syntax)
        #expect(broken?.line != nil)
        let twice = #expect(throws: ConfigurationError.self) { _ = try parse("state: s\nstate: t\n") }
        #expect(twice?.code == .syntax)
        #expect(twice?.reason.contains("twice") ?? false)
        #expect(throws: ConfigurationError.self) { _ = try parse("") }
        #expect(throws: ConfigurationError.self) { _ = try parse("- a\n- b\n") }
    }

    @Test("a file that is not there is named")
    func absent() {
        let error = #expect(throws: ConfigurationError.self) { _ = try AgentConfiguration.load("/nowhere/agent.yaml") }
        #expect(error?.code == .unreadable)
        #expect(error?.file == "/nowhere/agent.yaml")
    }

    @Test("a service needs a health check; files alone do not")
    func health() throws {
        let without = Self.complete.split(separator: "\n").filter { !$0.contains("health:") }.joined(separator: "\n")
        let error = #expect(throws: ConfigurationError.self) { _ = try parse(without) }
        #expect(error?.code == .missingKey)
        let minimal = """
            state: s
            installations:
              - { product: tool, folder: tool, repository: { url: "https://vendor/", root: r } }
            """
        let installation = try #require(try parse(minimal).installations.first)
        #expect(installation.service == .none)
        #expect(installation.id == "tool")
    }

    @Test("a spelling is near when it is a slip, not when it is another word")
    func spelling() {
        #expect(Spelling.distance("listen", "lisetn") == 1)
        #expect(Spelling.distance("", "abc") == 3)
        #expect(Spelling.nearest(to: "lsten", among: ["listen", "state"]) == "listen")
        #expect(Spelling.nearest(to: "database", among: ["listen", "state"]) == nil)
    }

    @Test("a file without end, or of anything but text, is refused in one short line")
    func notText() throws {
        let folder = try TemporaryFolder()
        let endless = #expect(throws: ConfigurationError.self) { _ = try AgentConfiguration.load("/dev/zero") }
        #expect(endless?.reason.contains("1 MiB") == true)
        let zeros = folder / "agent.yaml"
        try Data(count: 500_000).write(to: URL(fileURLWithPath: zeros.string))
        let binary = #expect(throws: ConfigurationError.self) { _ = try AgentConfiguration.load(zeros) }
        let long = String(repeating: "x\u{1B}", count: 300_000)
        let key = #expect(throws: ConfigurationError.self) { _ = try parse("\"\(long)\": 1\n") }
        let quoted = #expect(throws: ConfigurationError.self) { _ = try parse("state: \u{1}\(long)\n") }
        let own = ConfigurationError(.syntax, file: "f", line: 1, reason: long)
        for error in [endless, binary, key, quoted, own] {
            let reason = error?.reason ?? ""
            #expect(!reason.isEmpty && reason.count <= 401)
            #expect(!reason.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
        folder.remove()
    }
}
