// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// Runs commands on a thread of their own each; see ``Command``.
public struct POSIXCommandRunner: CommandRunner {
    public init() {}

    public func run(_ command: Command) async throws(CommandError) -> CommandResult {
        let program = command.arguments.first ?? ""
        let wake: Pipe
        do { wake = try Pipe() } catch { throw CommandError(.system(error.number), program: program, "\(error)") }
        let work: @Sendable () throws(CommandError) -> CommandResult = { () throws(CommandError) in
            var running = try RunningCommand(command, wake: wake.reading)
            return try running.finish()
        }
        do {
            return try await withTaskCancellationHandler {
                try await BlockingWork.run(work)
            } onCancel: {
                _ = [UInt8(1)].withUnsafeBytes { writeAll($0, to: wake.writing.number) }
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.system(EINVAL), program: program, "\(error)")
        }
    }
}

struct PipeError: Error, CustomStringConvertible {
    var number: Int32
    var description: String { "No pipe: the system says “\(systemMessage(number))” (error \(number))." }
}

struct Pipe: Sendable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws(PipeError) {
        var ends: [Int32] = [-1, -1]
        guard cplatform_pipe(&ends) == 0 else { throw PipeError(number: errno) }
        reading = Descriptor(ends[0])
        writing = Descriptor(ends[1])
    }
}

extension POSIXCommandRunner {
    /// The same on the calling thread, which waits: for command lines, where nobody else is kept waiting by it.
    public func runBlocking(_ command: Command) throws(CommandError) -> CommandResult {
        do {
            // Nothing is ever written to it: what runs here is not cancelled.
            let wake = try Pipe()
            return try withExtendedLifetime(wake) { () throws(CommandError) in
                try withoutBrokenPipeSignal { () throws(CommandError) in
                    var running = try RunningCommand(command, wake: wake.reading)
                    return try running.finish()
                }
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.system(EMFILE), program: command.arguments.first ?? "", "\(error)")
        }
    }
}

/// One command between its start and its end: everything here runs on one thread.
private struct RunningCommand {
    private let command: Command
    private let program: String
    private let pid: pid_t
    private let pidfd: Descriptor
    private let wake: Descriptor
    private var input: Descriptor?
    private var output: Descriptor?
    private var error: Descriptor?
    private var sent = 0
    private var collected: (output: [UInt8], error: [UInt8]) = ([], [])

    init(_ command: Command, wake: Descriptor) throws(CommandError) {
        self.command = command
        self.wake = wake
        program = command.arguments.first ?? ""
        do {
            let (input, output, error) = (try Pipe(), try Pipe(), try Pipe())
            let files = SpawnFiles(input: input.reading, output: output.writing, error: error.writing)
            let environment = Self.environment(of: command)
            pid = try OwnChildren.shared.start { () throws(LaunchError) in
                try spawn(
                    command.arguments, environment: environment, workingDirectory: command.workingDirectory,
                    files: files)
            }
            let number = cplatform_pidfd_open(pid)
            if number < 0 {
                Glibc.kill(pid, SIGKILL)
                _ = OwnChildren.shared.reap(pid)
                throw PipeError(number: errno)
            }
            pidfd = Descriptor(number)
            (self.input, self.output, self.error) = (input.writing, output.reading, error.reading)
            for end in [input.writing, output.reading, error.reading] {
                _ = fcntl(end.number, F_SETFL, fcntl(end.number, F_GETFL) | O_NONBLOCK)
            }
        } catch let failure as LaunchError {
            throw CommandError(.launch(failure.code), program: program, failure.description)
        } catch let failure as PipeError {
            throw CommandError(.system(failure.number), program: program, failure.description)
        } catch {
            throw CommandError(.system(EINVAL), program: program, "\(error)")
        }
    }

    /// A daemon that a command starts (a database, say) comes to this process like an application's orphans: its mark
    /// tells that it is of no application.
    private static func environment(of command: Command) -> [String: String] {
        guard OwnChildren.shared.adoptsOrphans else { return command.environment }
        return command.environment.merging([Launch.markVariable: "command"]) { own, _ in own }
    }

    mutating func finish() throws(CommandError) -> CommandResult {
        let deadline = ContinuousClock.now + .seconds(command.timeout)
        while true {
            let left = (deadline - ContinuousClock.now) / .milliseconds(1)
            guard left > 0 else {
                end()
                throw CommandError(
                    .timedOut, program: program,
                    "\(program) did not finish within \(command.timeout) s and was ended.")
            }
            var wanted = [
                pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output?.number ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: error?.number ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: input?.number ?? -1, events: Int16(POLLOUT), revents: 0),
            ]
            _ = uninterrupted { poll(&wanted, nfds_t(wanted.count), Int32(min(left.rounded(.up), 86_400_000))) }
            if wanted[1].revents != 0 {
                end()
                throw CommandError(.cancelled, program: program, "\(program) was ended: it is no longer wanted.")
            }
            if wanted[4].revents != 0 { send() }
            if wanted[2].revents != 0 { Self.collect(&output, &collected.output, command.outputLimit) }
            if wanted[3].revents != 0 { Self.collect(&error, &collected.error, command.outputLimit) }
            if wanted[0].revents != 0 { return ended() }
        }
    }

    /// What it left in its pipes is read, but the pipes' end is not waited for: a daemon it started may hold them.
    private mutating func ended() -> CommandResult {
        Self.collect(&output, &collected.output, command.outputLimit)
        Self.collect(&error, &collected.error, command.outputLimit)
        return CommandResult(end: OwnChildren.shared.reap(pid), output: collected.output, error: collected.error)
    }

    private func end() {
        for process in allProcesses() where process.session == pid { signal(process, SIGKILL) }
        _ = OwnChildren.shared.reap(pid)
    }

    private mutating func send() {
        guard let input else { return }
        let rest = command.input[sent...]
        let result = rest.withUnsafeBytes { bytes in
            uninterrupted { Glibc.write(input.number, bytes.baseAddress, bytes.count) }
        }
        switch result {
        case .success(let count): sent += count
        case .failure(EAGAIN): return
        // It does not read its input: its business.
        case .failure: sent = command.input.count
        }
        if sent == command.input.count { self.input = nil }
    }

    private static func collect(_ source: inout Descriptor?, _ bytes: inout [UInt8], _ limit: Int) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while let open = source {
            switch uninterrupted({ Glibc.read(open.number, &buffer, buffer.count) }) {
            case .failure(EAGAIN): return
            case .failure, .success(0): source = nil
            case .success(let count): bytes.append(contentsOf: buffer[..<min(count, max(0, limit - bytes.count))])
            }
        }
    }
}
