// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// As in a command line: a server's libraries have the signal ignored.
private func brokenPipesEndTheProcess() { signal(SIGPIPE, SIG_DFL) }

/// Whether a command that does not read its input is run to its end, however often.
private func isRun(_ run: (Command) async throws -> CommandResult) async -> Bool {
    var command = Command(["true"], environment: ["PATH": "/usr/bin:/bin"])
    command.input = [UInt8](repeating: 65, count: 1_000_000)
    for _ in 0..<20 {
        guard let result = try? await run(command), result.succeeded else { return false }
    }
    return true
}

@Suite struct CommandRunnerTests {
    let runner = POSIXCommandRunner()
    let environment = ["PATH": "/usr/bin:/bin", "GREETING": "ciao"]

    private func shell(_ script: String) -> Command {
        Command(["sh", "-c", script], environment: environment)
    }

    private func code(_ command: Command) async -> CommandError.Code? {
        do { _ = try await runner.run(command) } catch { return error.code }
        return nil
    }

    @Test("Arguments, environment, working folder and input reach the command; status and outputs come back")
    func everything() async throws {
        let folder = try TemporaryFolder()
        var command = Command(
            ["sh", "-c", "cat; echo \"$GREETING $1\"; pwd; echo oops >&2; exit 3", "sh", "it's"],
            environment: environment)
        command.workingDirectory = folder.path
        command.input = Array("in\n".utf8)
        let result = try await runner.run(command)
        #expect(result.end == .exited(3) && !result.succeeded)
        #expect(result.outputText == "in\nciao it's\n\(folder.path)\n")
        #expect(result.errorText == "oops\n")
    }

    @Test("Nothing of the agent's environment leaks into a command")
    func environmentIsClean() async throws {
        let result = try await runner.run(Command(["env"], environment: ["PATH": "/usr/bin:/bin", "A": "b"]))
        // Once this process has started an application, what else it starts is marked as not of it.
        let variables = Set(result.outputText.split(separator: "\n")).subtracting(["RICAMBIO_MARK=command"])
        #expect(variables == ["A=b", "PATH=/usr/bin:/bin"])
    }

    @Test("A megabyte in and out at once does not lock up, and output beyond the limit is dropped")
    func large() async throws {
        var command = Command(["cat"], environment: environment)
        command.input = [UInt8](repeating: 65, count: 1_000_000)
        command.outputLimit = 300_000
        let result = try await runner.run(command)
        #expect(result.output.count == 300_000 && result.end == .exited(0))
    }

    @Test("A command that does not read its input ends normally, and whoever runs it goes on")
    func unreadInput() async {
        await #expect(processExitsWith: .success) {
            brokenPipesEndTheProcess()
            #expect(await isRun { try await POSIXCommandRunner().run($0) })
            #expect(await isRun { try POSIXCommandRunner().runBlocking($0) })
        }
    }

    @Test("What takes too long is ended together with what it started")
    func timeout() async throws {
        let folder = try TemporaryFolder()
        var command = shell("sleep 300 & echo $! > \(folder.path)/pid; wait")
        command.timeout = 1
        #expect(await code(command) == .timedOut)
        let text = String(decoding: try POSIXFileSystem().read(folder.path.appending("pid"), limit: 20), as: UTF8.self)
        let pid = try #require(Int32(text.filter(\.isNumber)))
        #expect(try await eventually { try isGone(pid) })
    }

    @Test("Cancelling the task ends the command")
    func cancel() async throws {
        let task = Task { await code(shell("sleep 300")) }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test("A daemon that holds the outputs open is not waited for")
    func daemon() async throws {
        let result = try await runner.run(shell("sleep 5 & echo started"))
        #expect(result.outputText == "started\n")
    }

    @Test("A program that is missing, not executable, or in no folder is told apart")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        let plain = try folder.write("plain", "text")
        let orphan = try folder.write("orphan", "#!/no/such/interpreter\n", permissions: 0o755)
        #expect(await code(Command(["no-such-program-here"], environment: environment)) == .launch(.notFound))
        #expect(await code(Command(["/no/such"])) == .launch(.notFound))
        #expect(await code(Command([plain.string])) == .launch(.notExecutable))
        #expect(await code(Command([orphan.string])) == .launch(.notFound))
        var elsewhere = shell("true")
        elsewhere.workingDirectory = folder.path.appending("none")
        #expect(await code(elsewhere) == .launch(.noWorkingDirectory))
        #expect(await code(Command([])) == .launch(.notFound))
    }

    @Test("A signal is told from an exit")
    func signal() async throws {
        #expect(try await runner.run(shell("kill -9 $$")).end == .killed(signal: 9))
    }
}
