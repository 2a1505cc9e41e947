// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage

extension UpdateStory {
    // MARK: The update

    /// Orders it as an administrator does, and tells what the command and the clients say, as it happens.
    func update(_ scene: Scene) async throws -> UpdateRun {
        say("The administrator orders the update: ricambio update --grace \(graceSeconds) --email admin@example.com")
        let command = try await stage.start(
            "update",
            [
                stage.executables.ricambio.string, "update", "--grace", "\(graceSeconds)", "--email",
                "admin@example.com", "--language", "en", "--yes",
            ], environment: customer.environment)
        var telling = Telling(scene.workstations)
        let start = ContinuousClock.now
        while command.isRunning {
            guard ContinuousClock.now - start < .seconds(graceSeconds + 240) else {
                throw StageError("The update does not end. It said so far:\n\(command.text)")
            }
            for line in telling.news(command) { say("  " + line) }
            try await Task.sleep(for: .milliseconds(50))
        }
        for line in telling.news(command) { say("  " + line) }
        guard let run = try await customer.answer([UpdateRun].self, ["history"]).first, run.outcome != nil else {
            throw StageError("There is no update that has ended. ricambio update said:\n\(command.text)")
        }
        return run
    }

    /// What was not told yet of the command's lines and of the clients' events.
    private struct Telling {
        let workstations: [Workstation]
        var lines = 0
        var events: [String: Int]

        init(_ workstations: [Workstation]) {
            self.workstations = workstations
            events = Dictionary(uniqueKeysWithValues: workstations.map { ($0.person, $0.log.count) })
        }

        mutating func news(_ command: StagedProcess) -> [String] {
            var news: [String] = []
            let all = command.lines
            news += all.dropFirst(lines)
            lines = all.count
            for workstation in workstations {
                let log = workstation.log
                for event in log.dropFirst(events[workstation.person] ?? 0) {
                    let left = event.secondsLeft.map { ", \($0) s left" } ?? ""
                    news.append("          \(workstation.person): \(event.event)\(left)")
                }
                events[workstation.person] = log.count
            }
            return news
        }
    }

    // MARK: After

    /// Brings Bruno back, waits for everybody to be on the new version, and checks what was promised.
    func aftermath(_ run: UpdateRun, _ scene: Scene) async throws -> StoryReport {
        var report = StoryReport(run)
        report.server = scene.server
        report.check("the outcome is “updated”", run.outcome == .updated)
        report.check(
            "every step happened, in the order of the promise",
            run.steps.map(\.step) == UpdateStep.allCases.filter { $0 != .rollingBack })
        report.check("OM Business answers as 2.0", try await serverVersion(scene.server) == "2.0")
        say("Bruno comes back; everybody gets the client that belongs to the server")
        _ = try await scene.bruno.start(server: scene.server, options: ["--auto-update", "--stay"])
        for workstation in scene.workstations where run.outcome == .updated {
            do {
                try await eventually("\(workstation.person) works with client 2.0", within: 90) {
                    workstation.has("loggedIn", version: "2.0")
                }
            } catch let error as StageError {
                report.check("\(error)", false)
            }
        }
        let versions = scene.workstations.map { "\($0.person) \(workingVersion($0) ?? "–")" }
        say("  " + versions.joined(separator: ", "))
        report.clientVersion = scene.workstations.compactMap(workingVersion).min()
        report.check("all three clients are 2.0", scene.workstations.allSatisfy { workingVersion($0) == "2.0" })
        checkSessions(run, scene, &report)
        try await checkRecords(scene, &report)
        try checkFiles(run, scene, &report)
        try await showMail(run, &report)
        return report
    }

    /// The version of the client that this person logged in with last.
    private func workingVersion(_ workstation: Workstation) -> String? {
        workstation.log.last { $0.event == "loggedIn" }?.version
    }

    private func checkSessions(_ run: UpdateRun, _ scene: Scene, _ report: inout StoryReport) {
        report.check("three people were warned", run.sessions.warned == 3)
        report.check("one said ready", scene.anna.has("ready"))
        report.check("one left in time", scene.bruno.has("warning", version: "1.0") && !scene.bruno.has("closing"))
        report.check("one was closed at the deadline", scene.carla.has("closed") && !scene.carla.has("ready"))
        report.check("the run counts them so", run.sessions.ready == 2 && run.sessions.closed == 1)
        let warned = run.steps.first { $0.step == .warning }
        let seconds = warned.flatMap { step in step.endedAt.map { $0.timeIntervalSince(step.startedAt) } } ?? 0
        report.check("the grace time was given in full", seconds >= Double(graceSeconds) - 1)
    }

    /// The data outlives the migration of its schema: what Anna wrote is there, with a field that only 2.0 knows.
    private func checkRecords(_ scene: Scene, _ report: inout StoryReport) async throws {
        let looking = try await scene.office.start(
            server: scene.server, script: ["change customers 1 email=rossi@example.com", "list customers", "quit"])
        let end = try await looking.wait()
        let line = looking.lines.last { $0.contains("name=Rossi") } ?? ""
        report.check(
            "the records are there, and have the new version's field",
            end == .exited(0) && line.contains("city=Milano") && line.contains("email=rossi@example.com"))
    }

    private func checkFiles(_ run: UpdateRun, _ scene: Scene, _ report: inout StoryReport) throws {
        say("The customer's files in the new version's folder")
        let files = stage.fileSystem
        for (path, bytes) in scene.treasures.sorted(by: { $0.key < $1.key }) {
            let now = try? files.read(live.pushing(FilePath(path)), limit: 1 << 26)
            report.check("\(path) is preserved, \(bytes.count) bytes", now == bytes && run.kept.contains(path))
            say("  \(now == bytes ? "same" : "LOST")  \(path)")
        }
        let beside = "preferences/settings.yaml.new"
        report.check(
            "the release's own preferences lie beside, as .new", try files.exists(live.pushing(FilePath(beside))))
        say("  new   \(beside)")
        let old = customer.folder.appending(UpdateStory.folder + "_old")
        report.check("the old release is cleaned up", try !files.exists(old))
    }

    private func showMail(_ run: UpdateRun, _ report: inout StoryReport) async throws {
        let files = stage.fileSystem
        let name = try await eventualValue("the mail is written", within: 30) {
            try files.entries(of: customer.mail).last { $0.hasSuffix(".eml") }
        }
        let file = customer.mail.appending(name)
        let mail = MailText(String(decoding: try files.read(file, limit: 1 << 20), as: UTF8.self))
        report.mail = file.string
        say("The administrator's mail, \(file)")
        for line in ["To: \(mail.header("To"))", "Subject: \(mail.header("Subject"))", ""] { say("  | " + line) }
        for line in mail.body.split(separator: "\n", omittingEmptySubsequences: false) { say("  | " + line) }
        report.check("the mail is to the address of the order", mail.header("To").contains("admin@example.com"))
        report.check("the mail names both versions", mail.body.contains("1.0") && mail.body.contains("2.0"))
        report.check(
            "the mail names what was kept, and what to do next",
            run.kept.allSatisfy { mail.body.contains($0) } && mail.body.contains("What to do next"))
    }
}
