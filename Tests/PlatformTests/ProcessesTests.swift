// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import Testing
import TestSupport

@Suite struct ProcessesTests {
    let processes = POSIXProcesses()
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func launch(_ script: String, lock: Bool = true) -> Launch {
        Launch(
            ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], workingDirectory: folder.path,
            outputFile: folder.path.appending("log"), lockFile: lock ? folder.path.appending("lock") : nil)
    }

    private func log() -> String {
        String(
            decoding: (try? POSIXFileSystem().read(folder.path.appending("log"), limit: 1 << 20)) ?? [], as: UTF8.self)
    }

    @Test("A child runs in its folder, in a session of its own, with its output appended and no other file open")
    func surroundings() async throws {
        try folder.write("log", "before\n")
        let script = "pwd; ls /proc/$$/fd; cut -d' ' -f6 /proc/$$/stat; echo $$; exit 7"
        let handle = try processes.launch(launch(script))
        #expect(try await handle.wait() == .exited(7))
        #expect(!handle.isRunning)
        let pid = handle.identity.pid
        #expect(log() == "before\n\(folder.path)\n0\n1\n2\n3\n\(pid)\n\(pid)\n")
    }

    @Test("A child listens to SIGTERM although this process may ignore it")
    func signals() async throws {
        let handle = try processes.launch(launch("exec sleep 300"))
        #expect(handle.isRunning)
        handle.terminate()
        #expect(try await handle.wait() == .killed(signal: 15))
    }

    @Test("Ending it ends everything in its session, also jobs in groups of their own")
    func session() async throws {
        let handle = try processes.launch(launch("set -m; sleep 300 & sleep 300 & echo ready; wait"))
        #expect(try await eventually { log().contains("ready") })
        #expect(handle.members().count == 3)
        handle.kill()
        #expect(try await handle.wait() == .killed(signal: 9))
        #expect(try await eventually { handle.members().isEmpty })
    }

    @Test("The lock is held as long as anything of it lives, and by the kernel alone")
    func lock() async throws {
        let handle = try processes.launch(launch("sleep 300 & echo ready; exit 0"))
        #expect(try await handle.wait() == .exited(0))
        #expect(throws: LaunchError(.locked, program: "/bin/sh")) { try processes.launch(launch("true")) }
        let left = processes.holders(of: folder.path.appending("lock"))
        #expect(left.count == 1 && left.first != handle.identity)
        handle.kill()
        #expect(
            try await eventually {
                guard let again = try? processes.launch(launch("true")) else { return false }
                return try await again.wait() == .exited(0)
            })
    }

    @Test("A running process is adopted by number and start time; a number that was used again is not")
    func adopt() async throws {
        let handle = try processes.launch(launch("exec sleep 300"))
        let adopted = try #require(processes.adopt(handle.identity))
        var other = handle.identity
        other.startTime += 1
        #expect(processes.adopt(other) == nil)
        other = handle.identity
        other.boot = "another"
        #expect(processes.adopt(other) == nil)
        adopted.kill()
        #expect(try await adopted.wait() == .unknown)
        #expect(try await handle.wait() == .killed(signal: 9))
        #expect(processes.adopt(handle.identity) == nil)
    }

    @Test("Waiting ends when the task is cancelled, and the process goes on")
    func cancelledWait() async throws {
        let handle = try processes.launch(launch("exec sleep 300"))
        let task = Task { try await handle.wait() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(handle.isRunning)
        handle.kill()
        _ = try await handle.wait()
    }

    @Test("A program that is missing or not executable starts nothing and leaves the lock free")
    func refusals() throws {
        let plain = try folder.write("plain", "text")
        for (program, code) in [("./none", LaunchError.Code.notFound), (plain.string, .notExecutable)] {
            var launch = launch("")
            launch.arguments = [program]
            #expect(throws: LaunchError(code, program: program)) { try processes.launch(launch) }
        }
        #expect(try POSIXFileSystem().lock(folder.path.appending("lock")) != nil)
    }
}
