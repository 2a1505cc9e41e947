// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("Data that commands save and give back")
struct DataCommandTests {
    let scene: DataScene
    var folder: TemporaryFolder { scene.folder }
    var runner: DataCommandRunner {
        DataCommandRunner(
            POSIXCommandRunner(), environment: ["PATH": "/usr/bin:/bin", "SERVER": (folder / "server").string],
            fileSystem: scene.real)
    }

    init() throws {
        scene = try DataScene()
        try folder.write("server", "old")
        try scene.real.makeDirectories(folder / "state")
    }

    private func shell(_ script: String) -> [String] { ["sh", "-c", script] }

    private func commands(
        save: String = #"cat "$SERVER" > "$RICAMBIO_SNAPSHOT/dump"; echo saved"#, verify: String? = nil,
        restore: String = #"cat "$RICAMBIO_SNAPSHOT/dump" > "$SERVER"; echo restored"#, size: String? = nil,
        timeout: Double = 20
    ) -> DataCommands {
        DataCommands(
            name: "the server", save: shell(save), verify: verify.map(shell), restore: shell(restore),
            size: size.map(shell), timeoutSeconds: timeout)
    }

    private func plan(_ commands: DataCommands, run: String = "run-1") -> CommandSnapshot {
        DataCommandRunner.plan(commands, state: folder / "state", run: run)
    }

    private func error(_ body: () async throws -> Void) async -> ReplacementError? {
        do { try await body() } catch { return error as? ReplacementError }
        return nil
    }

    @Test("Saved into a folder of the run's own that only this account may enter, verified, given back, removed")
    func all() async throws {
        let commands = commands(
            save: #"cat "$SERVER" > "$RICAMBIO_SNAPSHOT/dump"; stat -c %a "$RICAMBIO_SNAPSHOT""#,
            verify: #"test -s "$RICAMBIO_SNAPSHOT/dump""#, size: #"stat -c %s "$SERVER""#)
        #expect(try await runner.size(commands) == 3)
        let planned = plan(commands)
        let saved = try await runner.save(planned, with: commands)
        #expect(saved.output == "700" && saved.snapshot.isComplete && !planned.isComplete)
        #expect(try await runner.verify(saved.snapshot, with: commands) == "")
        try folder.write("server", "failed version's")
        // As the journal has it.
        let stored = try JSONEncoder().encode(DataSnapshot.commands(saved.snapshot))
        guard case .commands(var read) = try JSONDecoder().decode(DataSnapshot.self, from: stored) else { return }
        #expect(try await runner.restore(read, with: commands) == "restored")
        #expect(scene.text("server") == "old")
        read.isRestored = true
        try folder.write("server", "old version's")
        #expect(try await runner.restore(read, with: commands) == "")
        #expect(scene.text("server") == "old version's")
        #expect(await runner.remove(read).isEmpty)
        #expect(await runner.remove(read).isEmpty)
        #expect(try scene.real.entries(of: folder / "state") == [])
    }

    @Test("A failing command is an error with its last lines, of which no more than the limit is kept")
    func failure() async throws {
        let script =
            "i=0; while [ $i -lt 3000 ]; do echo line $i ä >&2; i=$((i+1)); done; echo the disk is full >&2; exit 3"
        let commands = commands(save: script)
        let failed = await error { _ = try await runner.save(plan(commands), with: commands) }
        #expect(failed?.code == .command && failed?.path == "sh")
        let reason = try #require(failed?.reason)
        #expect(reason.contains("status 3") && reason.hasSuffix("line 2999 ä\nthe disk is full"))
        #expect(!reason.contains("line 1 ") && reason.utf8.count < DataCommandRunner.outputLimit + 100)
        let talkative = self.commands(save: script.replacing(">&2", with: "").replacing("exit 3", with: ""))
        let saved = try await runner.save(plan(talkative), with: talkative)
        #expect(saved.output.utf8.count <= DataCommandRunner.outputLimit && saved.output.hasSuffix("full"))
    }

    @Test("A command that takes too long is ended, one that is not there is named")
    func timeout() async throws {
        let slow = commands(save: "sleep 600", timeout: 0.2)
        #expect(await error { _ = try await runner.save(plan(slow), with: slow) }?.code == .command)
        var missing = slow
        missing.save = ["/no/such/program"]
        let failed = await error { _ = try await runner.save(plan(missing), with: missing) }
        #expect(failed?.code == .command && failed?.path == "/no/such/program")
        #expect(await runner.remove(plan(slow)).isEmpty)
    }

    @Test("Cancelled work is cancelled, not failed")
    func cancelled() async throws {
        let slow = commands(save: #": > "$SERVER.started"; sleep 600"#, timeout: 600)
        let (runner, planned) = (runner, plan(slow))
        let work = Task { try await runner.save(planned, with: slow) }
        while try !scene.real.exists(folder / "server.started") { await Task.yield() }
        work.cancel()
        #expect(await error { _ = try await work.value }?.code == .cancelled)
    }

    @Test("Verify says no, or the saved folder is gone: an error, and nothing is given back")
    func verify() async throws {
        let commands = commands(verify: "echo truncated; exit 1")
        let saved = try await runner.save(plan(commands), with: commands).snapshot
        let failed = await error { _ = try await runner.verify(saved, with: commands) }
        #expect(failed?.code == .command && failed?.reason.hasSuffix("truncated") == true)
        #expect(await runner.remove(saved).isEmpty)
        try folder.write("server", "failed version's")
        #expect(await error { _ = try await runner.restore(saved, with: commands) }?.code == .missing)
        #expect(scene.text("server") == "failed version's")
    }

    @Test("A snapshot that was not completed is made anew, never given back, and no other run's")
    func halfMade() async throws {
        let commands = commands(save: #"ls "$RICAMBIO_SNAPSHOT"; cat "$SERVER" > "$RICAMBIO_SNAPSHOT/dump""#)
        let planned = plan(commands)
        try folder.write("state/\(planned.folder.path.lastComponent?.string ?? "")/half", "x")
        #expect(try await runner.restore(planned, with: commands) == "")
        #expect(scene.text("server") == "old")
        #expect(try await runner.save(planned, with: commands).output == "")
        #expect(plan(commands, run: "run-2").folder != planned.folder)
        var other = commands
        other.name = "../the server"
        let folder = plan(other).folder.path
        #expect(folder != planned.folder.path && folder.removingLastComponent() == self.folder / "state")
    }

    @Test(
        "A size that is none is an error; none declared is none", arguments: ["echo many", "echo -5", "true", "exit 1"])
    func size(_ script: String) async throws {
        #expect(await error { _ = try await runner.size(commands(size: script)) }?.code == .command)
        #expect(try await runner.size(commands()) == nil)
    }
}

@Suite("The size of data")
struct DataSizeTests {
    @Test("A database is measured with its companions; what is not there is nothing")
    func companions() throws {
        let scene = try DataScene()
        try scene.folder.write("db", [UInt8](repeating: 1, count: 1 << 20))
        try scene.folder.write("db-wal", [UInt8](repeating: 1, count: 1 << 20))
        try scene.folder.write("db-old", [UInt8](repeating: 1, count: 1 << 20))
        let size = try scene.snapshots().size(of: [scene.folder / "db", scene.folder / "absent/data"])
        #expect(size.entries == 2 && (2 << 20...(2 << 20) + 65_536).contains(size.bytes))
    }

    @Test("The time expected grows with bytes and with entries, and is never nothing")
    func time() {
        #expect(DataSize().expectedSeconds == 5)
        #expect(DataSize.expectedSeconds(bytes: 20_000_000_000) == 1005)
        #expect(DataSize(bytes: 0, entries: 50_000).expectedSeconds == 105)
        #expect(DataSize.expectedSeconds(bytes: -1) == 5)
    }

    @Test("Tried before the order: nothing is left, and a folder in which nothing can be made is an obstacle")
    func tryOut() throws {
        let scene = try DataScene()
        try scene.folder.write("data/x", "1")
        #expect(scene.snapshots().tryOut([scene.folder / "data", scene.folder / "var/none"]).isEmpty)
        #expect(scene.names == ["data"])
        let refusing = CrashingFileSystem(fault: .fail(at: 1, .readOnly))
        let obstacles = scene.snapshots(refusing).tryOut([scene.folder / "data"])
        #expect(obstacles.count == 1)
    }
}
