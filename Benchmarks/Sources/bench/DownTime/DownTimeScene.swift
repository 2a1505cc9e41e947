// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// A vendor with many versions of an application of 10 MB; each differs from the one before in a small file.
struct DownTimeVendor {
    let bin: String
    let workshop: Workshop
    let url: String
    private let pid: pid_t

    init(bin: String, versions: Int) throws {
        self.bin = bin
        workshop = try Workshop()
        let (path, files) = (workshop.path, FileManager.default)
        let application = path + "/application"
        try files.createDirectory(atPath: application, withIntermediateDirectories: true)
        for index in 0..<10 {
            _ = try Child.run(["head", "-c", "1000000", "/dev/urandom"], output: "\(application)/\(index).bin")
        }
        try Self.write(Self.script, to: application + "/run")
        try Self.write("#!/bin/sh\ncat VERSION\n", to: application + "/check")
        _ = try Child.run(["\(bin)/ricambio-repo", "init", path + "/repository"], isQuiet: false)
        for number in 1...versions {
            try Self.write("\(number).0\n", to: application + "/VERSION")
            _ = try Child.run(
                [
                    "\(bin)/ricambio-repo", "publish", path + "/repository", "app", "\(number).0", "--server",
                    "\(thisPlatform)=\(application)", "--level", "1", "--deltas", "0",
                ])
        }
        (pid, url) = try workshop.start(
            ["\(bin)/ricambio-repo", "serve", path + "/repository", "--port", "0"], log: "vendor.log", after: " at ")
    }

    func end() { Child.end(pid) }

    /// See ``KeptContent/Late``.
    private static let script = """
        #!/bin/sh
        late() {
            case $LATE in
            changes) cat VERSION > backups/list ;;
            adds) cat VERSION > "backups/late-$(cat VERSION)" ;;
            esac
        }
        trap 'late; exit 0' TERM
        while :; do sleep 0.02; done

        """

    private static func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    }
}

extension Workshop {
    func freeBytes() throws -> Int64 {
        let facts = try FileManager.default.attributesOfFileSystem(forPath: path)
        return facts[.systemFreeSize] as? Int64 ?? 0
    }
}

/// One kind of kept content, the first version, and an agent that runs it.
struct DownTimeCustomer {
    let agent: ServerProcess
    private let bin: String
    private let kind: KeptContent
    private let folder: String
    private let environment: [String: String]

    private var live: String { folder + "/srv/app" }

    /// With `failingCalls`, the agent finds that its file system has no exchange.
    init(_ vendor: DownTimeVendor, _ kind: KeptContent, without failingCalls: String?) throws {
        (bin, self.kind, folder) = (vendor.bin, kind, vendor.workshop.path + "/customer")
        environment = ["RICAMBIO_HOME": folder + "/login"]
        let root = vendor.workshop.path + "/repository/public/metadata/1.root.json"
        try FileManager.default.createDirectory(atPath: folder + "/srv", withIntermediateDirectories: true)
        _ = try Child.run(
            [
                "\(bin)/ricambio", "install", "--repository", vendor.url, "--root", root, "--product", "app", "--id",
                "app", "--version", "1.0", "--folder", folder + "/srv/app",
            ], isQuiet: false)
        try kind.write(to: folder + "/srv/app")
        // Nothing of the preparation is still on its way to the disk when the first update begins.
        sync()
        let configuration = """
            listen: 127.0.0.1:0
            state: ./state
            scryptCost: 1024
            installations:
              - id: app
                product: app
                folder: ./srv/app
                repository: { url: "\(vendor.url)", root: \(root) }
                service: { type: process, command: ["./run"], stopTimeout: 5, environment: { LATE: \(kind.late.rawValue) } }
                health: { command: ["./check"], timeout: 10 }
                keep: [\(kind.rules.map { $0.hasPrefix("{") ? $0 : "\"\($0)\"" }.joined(separator: ", "))]
                retention: 0

            """
        try Data(configuration.utf8).write(to: URL(filePath: folder + "/agent.yaml"))
        let command = ["\(bin)/ricambio", "agent", "--config", folder + "/agent.yaml"]
        let workshop = vendor.workshop
        let (pid, url) = try workshop.start(
            (failingCalls.map { [$0, "--no-exchange", "--"] } ?? []) + command, log: "agent.log",
            after: "ricambio agent ready: ")
        agent = ServerProcess(pid: pid, url: url)
        do {
            try logIn(workshop)
        } catch {
            end()
            throw error
        }
    }

    /// Ends the agent with its application, and makes room.
    func end() {
        Child.end(agent.pid)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func logIn(_ workshop: Workshop) throws {
        for (name, password) in [
            ("one-time", try workshop.line(after: "one-time password: ", in: "agent.log")),
            ("password", "a password of the benchmark"),
        ] {
            try Data(password.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        _ = try Child.run(
            [
                "\(bin)/ricambio", "login", agent.url, "--user", "admin", "--fingerprint",
                try workshop.line(after: "certificate fingerprint: ", in: "agent.log"), "--password-file",
                folder + "/one-time", "--new-password-file", folder + "/password",
            ], environment: environment, isQuiet: false)
    }

    /// Seconds of the down time that are the product's own.
    func update(from: String, to version: String) throws -> Double {
        let (answer, log) = (folder + "/run.json", folder + "/run.log")
        do {
            _ = try Child.run(
                ["\(bin)/ricambio", "update", "--version", version, "--grace", "0", "--yes", "--json"],
                environment: environment, output: answer, errors: log)
        } catch {
            throw BenchError("\(error): \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
        }
        let run = try JSONDecoder().decode(Run.self, from: Data(contentsOf: URL(filePath: answer)))
        guard run.outcome == "updated", let down = run.downtimeSeconds, let stop = run.applicationStopSeconds,
            let start = run.applicationStartSeconds
        else { throw BenchError("the update to \(version) has no figures") }
        guard kind.isThere(live, from: from) else { throw BenchError("the update to \(version) lost a kept file") }
        return down - stop - start
    }

    private struct Run: Decodable {
        var outcome: String?
        var downtimeSeconds: Double?
        var applicationStopSeconds: Double?
        var applicationStartSeconds: Double?
    }
}

extension ServerProcess {
    /// ``residentBytes()`` counts from here on.
    func forgetResidentPeak() throws {
        // 5: see proc_pid_clear_refs(5).
        try Data("5".utf8).write(to: URL(filePath: "/proc/\(pid)/clear_refs"))
    }
}
