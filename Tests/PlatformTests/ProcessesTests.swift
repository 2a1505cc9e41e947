// SPDX-License-Identifier: Apache-2.0
@testable import Platform
import SystemPackage
import Testing
import TestSupport

@Suite struct ProcessesTests {
    let processes = POSIXProcesses()
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var lockFile: FilePath { folder.path.appending("lock") }

    private func launch(_ script: String, mark: String? = nil) -> Launch {
        Launch(
            ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], workingDirectory: folder.path,
            outputFile: folder.path.appending("log"), traces: ApplicationTraces(lockFile: lockFile, mark: mark))
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

    @Test(
        "Descriptors for the application come first, from 3 on; the lock is the last one, and the environment says which"
    )
    func inherited() async throws {
        let given = try folder.write("given", "a listener, say\n")
        let file = try FileDescriptor.open(given, .readOnly)
        defer { try? file.close() }
        var launch = launch("cat <&3; readlink /proc/$$/fd/4; ls /proc/$$/fd; echo $RICAMBIO_LOCK_FD $RICAMBIO_MARK")
        launch.inherited = [file, file]
        launch.traces.mark = "m1"
        launch.arguments[2] = launch.arguments[2].replacing("fd/4", with: "fd/5")
        #expect(try await processes.launch(launch).wait() == .exited(0))
        #expect(log() == "a listener, say\n\(lockFile)\n0\n1\n2\n3\n4\n5\n5 m1\n")
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
        let left = processes.members(traces: ApplicationTraces(lockFile: lockFile))
        #expect(left.map(\.name) == ["sleep"])
        #expect(processes.isHeld(lockFile))
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
        let none = ApplicationTraces(lockFile: nil)
        let adopted = try #require(processes.adopt(handle.identity, traces: none))
        var other = handle.identity
        other.startTime += 1
        #expect(processes.adopt(other, traces: none) == nil)
        other = handle.identity
        other.boot = "another"
        #expect(processes.adopt(other, traces: none) == nil)
        adopted.kill()
        #expect(try await adopted.wait() == .unknown)
        #expect(try await handle.wait() == .killed(signal: 9))
        #expect(processes.adopt(handle.identity, traces: none) == nil)
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
