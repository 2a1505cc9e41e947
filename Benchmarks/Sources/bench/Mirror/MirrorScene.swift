// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// A vendor with one large client, an agent that mirrors it, and nginx with the same pack; both over TLS with the same
/// certificate.
struct MirrorScene {
    private static let cipher = "TLS_AES_128_GCM_SHA256"
    private static let password = "a password of the benchmark"

    let agent: ServerProcess
    let nginx: ServerProcess
    private let vendor: pid_t
    private let workshop: Workshop
    private let bytes: Int
    private let token: String

    init(bin: String, nginx program: String, bytes: Int) throws {
        let workshop = try Workshop()
        let pack = try Self.publish(bin, workshop, bytes: bytes)
        let (vendor, vendorURL) = try workshop.start(
            ["\(bin)/ricambio-repo", "serve", workshop.path + "/repository", "--port", "0"], log: "vendor.log",
            after: " at ")
        var running = [vendor]
        do {
            let (pid, url) = try Self.startAgent(bin, workshop, vendor: vendorURL)
            running.append(pid)
            token = try Self.logIn(url, workshop)
            agent = ServerProcess(pid: pid, url: "\(url)/v1/mirror/app/packs/\(pack.name)")
            nginx = try Self.startNginx(program, workshop, pack: pack.name)
            running.append(nginx.pid)
        } catch {
            for pid in running.reversed() { Child.end(pid) }
            throw error
        }
        self.vendor = vendor
        self.workshop = workshop
        self.bytes = pack.bytes
    }

    func end() {
        for pid in [nginx.pid, agent.pid, vendor] { Child.end(pid) }
    }

    /// So many downloads at once, each by a process of its own; all must succeed.
    func load(_ server: ServerProcess, clients: Int) throws -> ServerLoad {
        let (processor, start) = (try server.processorSeconds(), ContinuousClock.now)
        let running = try (0..<clients).map { _ in
            try Child.spawn([
                "curl", "--silent", "--insecure", "--fail", "--tls13-ciphers", Self.cipher, "--header",
                "Authorization: Bearer \(token)", "--output", "/dev/null", server.url,
            ])
        }
        let statuses = running.map { pid in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        guard statuses.allSatisfy({ $0 == 0 }) else { throw BenchError("a download of \(server.url) failed") }
        return ServerLoad(
            bytesPerSecond: Double(clients * bytes) / seconds,
            processorSeconds: (try server.processorSeconds() - processor) / Double(clients))
    }

    // MARK: Setting up

    private static func publish(
        _ bin: String, _ workshop: Workshop, bytes: Int
    ) throws -> (name: String, bytes: Int) {
        let (path, files) = (workshop.path, FileManager.default)
        for folder in ["server", "client"] {
            try files.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        try Data("#!/bin/sh\nexec sleep 1000000\n".utf8).write(to: URL(filePath: path + "/server/run"))
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + "/server/run")
        // Nothing that could be compressed: the pack is as large as the file.
        _ = try Child.run(["head", "-c", "\(bytes)", "/dev/urandom"], output: path + "/client/payload")
        _ = try Child.run(["\(bin)/ricambio-repo", "init", path + "/repository"], isQuiet: false)
        let platform = thisPlatform
        _ = try Child.run(
            [
                "\(bin)/ricambio-repo", "publish", path + "/repository", "app", "1.0", "--server",
                "\(platform)=\(path)/server", "--client", "\(platform)=\(path)/client", "--level", "1",
            ], isQuiet: false)
        let packs = path + "/repository/public/packs"
        let sizes = try files.contentsOfDirectory(atPath: packs).map { name in
            (name: name, bytes: try files.attributesOfItem(atPath: "\(packs)/\(name)")[.size] as? Int ?? 0)
        }
        guard let largest = sizes.max(by: { $0.bytes < $1.bytes }) else { throw BenchError("no pack was published") }
        return largest
    }

    private static func startAgent(
        _ bin: String, _ workshop: Workshop, vendor: String
    ) throws -> (pid: pid_t, url: String) {
        let path = workshop.path
        _ = try Child.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path + "/key.pem", "-out",
            path + "/certificate.pem",
        ])
        let root = path + "/repository/public/metadata/1.root.json"
        _ = try Child.run([
            "\(bin)/ricambio", "install", "--repository", vendor, "--root", root, "--product", "app", "--id", "app",
            "--channel", "stable", "--folder", path + "/customer/app",
        ])
        let configuration = """
            listen: 127.0.0.1:0
            state: ./state
            tls: { certificate: certificate.pem, key: key.pem }
            scryptCost: 1024
            installations:
              - id: app
                product: app
                folder: ./customer/app
                repository: { url: "\(vendor)", root: \(root) }
                service: { type: process, command: ["./run"], stopTimeout: 1 }
                health: { command: ["true"], timeout: 5 }

            """
        try Data(configuration.utf8).write(to: URL(filePath: path + "/agent.yaml"))
        let (pid, url) = try workshop.start(
            ["\(bin)/ricambio", "agent", "--config", path + "/agent.yaml"], log: "agent.log",
            after: "ricambio agent ready: ")
        return (pid, url)
    }

    /// As the first administrator; the token.
    private static func logIn(_ url: String, _ workshop: Workshop) throws -> String {
        let answer = workshop.path + "/login.json"
        let oneTime = try workshop.line(after: "one-time password: ", in: "agent.log")
        let body = try JSONEncoder().encode(["user": "admin", "password": oneTime, "newPassword": password])
        _ = try Child.run(
            [
                "curl", "--silent", "--insecure", "--fail", "--data", String(decoding: body, as: UTF8.self),
                url + "/v1/login",
            ], output: answer)
        struct Answer: Decodable { var token: String }
        return try JSONDecoder().decode(Answer.self, from: Data(contentsOf: URL(filePath: answer))).token
    }

    private static func startNginx(_ program: String, _ workshop: Workshop, pack: String) throws -> ServerProcess {
        let (path, port) = (workshop.path, try unusedPort())
        // Its own defaults, but for what is needed to run beside a system's own, and the cipher.
        let configuration = """
            \(geteuid() == 0 ? "user root;" : "")
            worker_processes auto;
            daemon off;
            pid \(path)/nginx.pid;
            error_log \(path)/nginx.log;
            events { worker_connections 1024; }
            http {
              access_log off;
              sendfile on;
              tcp_nopush on;
              ssl_protocols TLSv1.3;
              ssl_conf_command Ciphersuites \(cipher);
              server {
                listen 127.0.0.1:\(port) ssl;
                ssl_certificate \(path)/certificate.pem;
                ssl_certificate_key \(path)/key.pem;
                root \(path)/repository/public;
              }
            }

            """
        try Data(configuration.utf8).write(to: URL(filePath: path + "/nginx.conf"))
        let pid = try Child.spawn([program, "-p", path, "-c", path + "/nginx.conf"])
        let url = "https://127.0.0.1:\(port)/packs/\(pack)"
        for _ in 0..<200 {
            if (try? Child.run(["curl", "--silent", "--insecure", "--fail", "--head", url])) != nil {
                return ServerProcess(pid: pid, url: url)
            }
            usleep(50_000)
        }
        Child.end(pid)
        throw BenchError("nginx does not answer")
    }
}
