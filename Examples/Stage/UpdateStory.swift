// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
import Foundation
import Platform
import SystemPackage

/// The product's main job, from the first release to the mail, on real parts: what `make demo` shows and what an
/// end-to-end test holds to.
public struct UpdateStory: Sendable {
    public let stage: Stage
    public let vendor: Vendor
    public let customer: Customer
    public let graceSeconds: Int
    let say: @Sendable (String) -> Void

    /// - Parameter say: gets each line as it happens.
    public init(stage: Stage, graceSeconds: Int = 10, say: @escaping @Sendable (String) -> Void) throws {
        self.stage = stage
        self.graceSeconds = graceSeconds
        self.say = say
        vendor = Vendor(stage: stage)
        customer = try Customer(stage: stage)
    }

    static let product = OfficeMakerReleases.product
    static let folder = "srv/OM Business"

    /// Everything that is up when the update is ordered.
    public struct Scene: Sendable {
        public var repository: String
        public var server: String
        public var agent: StagedAgent
        public var installation: StagedInstallation
        /// Says ready, leaves in time, stays until closed.
        public var anna: Workstation
        public var bruno: Workstation
        public var carla: Workstation
        /// The administrator's own; not connected.
        public var office: Workstation
        public var workstations: [Workstation] { [anna, bruno, carla] }
        /// What the customer has in the application folder and must find again, by path.
        public var treasures: [String: [UInt8]]
    }

    var live: FilePath { customer.folder.appending(UpdateStory.folder) }

    /// Plays all of it.
    public func play() async throws -> StoryReport {
        let scene = try await prepare()
        let run = try await update(scene)
        return try await aftermath(run, scene)
    }

    // MARK: Before

    /// Two releases, an installation of the first, its agent, and three people at work.
    public func prepare() async throws -> Scene {
        let releases = OfficeMakerReleases(stage: stage)
        say("The vendor makes a repository and publishes OM Business 1.0")
        try await vendor.initialise()
        try await vendor.publish(
            UpdateStory.product, "1.0", server: releases.server("1.0"),
            client: releases.client("1.0", root: vendor.root), notes: ["en": "The first release."],
            options: ["--level", "3"])
        let repository = try await vendor.serve().url
        let port = try await unusedPort()
        let installation = try await installFirst(repository, port: port)
        try customer.configure([installation])
        say("The customer starts the agent, which starts the application; the administrator logs in")
        let agent = try await customer.startAgent([installation])
        try await customer.logIn(to: agent)
        let server = "http://127.0.0.1:\(port)"
        try await eventually("OM Business answers") { try await serverVersion(server) == "1.0" }
        let office = try await workstation(of: "admin", .italian, repository)
        let treasures = try await keepsakes(office, server)
        let people = try await connect(repository, server)
        say("The vendor publishes OM Business 2.0, which migrates the data")
        try await vendor.publish(
            UpdateStory.product, "2.0", server: releases.server("2.0"),
            client: releases.client("2.0", root: vendor.root),
            notes: ["en": "Customers have an e-mail address.", "it": "I clienti hanno un indirizzo e-mail."],
            options: ["--level", "3", "--migrates-data"])
        return Scene(
            repository: repository, server: server, agent: agent, installation: installation, anna: people[0],
            bruno: people[1],
            carla: people[2], office: office, treasures: treasures)
    }

    /// Installs the server that is published, from `repository`, and its people with it.
    public func installFirst(_ repository: String, port: Int) async throws -> StagedInstallation {
        let data = customer.folder.appending("data")
        let people = customer.folder.appending("people")
        try stage.fileSystem.makeDirectories(data)
        let lines = UpdateStory.people.map { "\($0.name): \($0.password)\n" }.joined()
        try stage.fileSystem.replace(people, with: Array(lines.utf8), permissions: 0o600)
        var installation = StagedInstallation(
            id: "om-business", product: UpdateStory.product, folder: UpdateStory.folder, repository: repository,
            root: vendor.root,
            command: [
                "./om-server", "--edition", "business", "--port", "\(port)", "--data", data.string, "--people",
                people.string, "--password-cost", "1024",
            ], health: "http: http://127.0.0.1:\(port)/health")
        installation.keep = ["preferences/**", "{ path: backups/**, immutable: true }", "certificates/**"]
        installation.data = [data]
        try stage.fileSystem.makeDirectories(live.removingLastComponent())
        say("The customer installs it from the repository's address and the vendor's root alone")
        let result = try await customer.install(installation)
        guard result.succeeded else { throw StageError("install: \(result.errorText)") }
        say("  " + result.outputText.trimmingCharacters(in: .whitespacesAndNewlines))
        return installation
    }

    private static let people: [(name: String, password: String)] = [
        ("anna", "mare-e-monti"), ("bruno", "pane-e-sale"), ("carla", "sole-e-luna"), ("admin", "chiave-e-porta"),
    ]

    /// Anna says ready by herself, Bruno leaves when he is warned, Carla stays until she is closed.
    private func connect(_ repository: String, _ server: String) async throws -> [Workstation] {
        say("Three people work: Anna (Italian), Bruno (German) and Carla (English), each with OM Client 1.0")
        let languages: [Language] = [.italian, .german, .english]
        var workstations: [Workstation] = []
        for ((name, _), language) in zip(UpdateStory.people, languages) {
            workstations.append(try await workstation(of: name, language, repository))
        }
        _ = try await workstations[0].start(
            server: server,
            script: [
                "add customers name=Rossi city=Milano", "add invoices number=2026-1 customer=Rossi cents=12000",
            ], options: ["--auto-ready", "--auto-update"])
        _ = try await workstations[1].start(server: server, script: ["wait warning", "quit"])
        _ = try await workstations[2].start(server: server, options: ["--stay", "--auto-update"])
        for workstation in workstations {
            try await eventually("\(workstation.person) works") { workstation.has("loggedIn", version: "1.0") }
        }
        try await eventually("the agent sees three sessions") {
            try await customer.answer([Session].self, ["sessions"]).count == 3
        }
        return workstations
    }

    /// With OM Client of `version`, from `repository`.
    public func workstation(
        of person: String, _ language: Language, _ repository: String, version: String = "1.0"
    ) async throws -> Workstation {
        let password = UpdateStory.people.first { $0.name == person }?.password ?? ""
        let workstation = try Workstation(stage: stage, person: person, password: password, language: language)
        try await workstation.install(
            product: UpdateStory.product, repository: repository, root: vendor.root, version: version)
        return workstation
    }

    /// A preference that was changed, a backup, and a certificate, as they are when the update begins.
    private func keepsakes(_ office: Workstation, _ server: String) async throws -> [String: [UInt8]] {
        let settling = try await office.start(
            server: server, script: ["set company Bianchi e Figli", "backup", "quit"])
        guard try await settling.wait() == .exited(0) else { throw StageError("OM Client: \(settling.text)") }
        let files = stage.fileSystem
        try files.copyFile(
            customer.state.appending("tls/certificate.pem"), to: live.appending("certificates/server.pem"))
        let backups = try files.entries(of: live.appending("backups")).map { "backups/\($0)" }
        var treasures: [String: [UInt8]] = [:]
        for path in ["preferences/settings.yaml", "certificates/server.pem"] + backups {
            treasures[path] = try files.read(live.pushing(FilePath(path)), limit: 1 << 26)
        }
        let settings = String(decoding: treasures["preferences/settings.yaml"] ?? [], as: UTF8.self)
        guard settings.contains("Bianchi e Figli"), !backups.isEmpty else {
            throw StageError("The preference or the backup is missing: \(settings) \(backups)")
        }
        say("The customer's own files are there: \(treasures.keys.sorted().joined(separator: ", "))")
        return treasures
    }

    /// What `GET /health` says, `nil` while nobody answers.
    public func serverVersion(_ server: String) async throws -> String? {
        struct Health: Decodable { var version: String }
        let answer = try await stage.run(["curl", "-sSf", "--max-time", "5", server + "/health"])
        return answer.succeeded ? try APIJSON.decode(Health.self, from: Data(answer.output)).version : nil
    }
}

extension UpdateStory {
    /// What there is to try while everything is up.
    public func invitation(_ report: StoryReport) -> [String] {
        let (ricambio, repo) = (stage.executables.ricambio, stage.executables.ricambioRepo)
        let home = customer.environment.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        let anna = stage.folder.appending("workstations/anna")
        let releases = stage.folder.appending("releases")
        let parts = ["server", "client"].map { "--\($0) \(Platform.current)='\(releases)/\($0)-2.0'" }
        return [
            "", "Everything is up. Try, in another terminal:",
            "  export \(home)",
            "  \(ricambio) status        # also: sessions, releases, history, logs, each with --json",
            "Work as Anna (“help” lists what she can type):",
            "  '\(anna)/OM Client/om-client' --server \(report.server ?? "") --user anna --password-file '\(anna)/password'",
            "Publish one more release and update to it:",
            "  for part in server client; do echo 2.1 > '\(releases)'/$part-2.0/VERSION; done",
            "  \(repo) publish '\(vendor.folder)' \(UpdateStory.product) 2.1 --channel stable --level 3 "
                + parts.joined(separator: " "),
            "  \(ricambio) update --grace 30",
            "The folders are in \(stage.folder). Ctrl-C ends everything.",
        ]
    }
}
