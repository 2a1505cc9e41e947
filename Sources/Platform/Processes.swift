// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// How a process ended.
public enum ProcessEnd: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)
    /// It was adopted, so its status went to somebody else.
    case unknown

    public var description: String {
        switch self {
        case .exited(let status): "it exited with status \(status)"
        case .killed(let signal): "it was ended by signal \(signal)"
        case .unknown: "it ended"
        }
    }
}

/// Names a process for ever: its number alone is used again by the system.
public struct ProcessIdentity: Codable, Sendable, Hashable {
    public var pid: Int32
    /// Clock ticks since the machine was started.
    public var startTime: UInt64
    /// Which start of the machine.
    public var boot: String

    public init(pid: Int32, startTime: UInt64, boot: String) {
        self.pid = pid
        self.startTime = startTime
        self.boot = boot
    }
}

/// What to start, and how.
public struct Launch: Sendable, Hashable {
    /// The program and what it is told. One with a slash is relative to the working directory, one without is
    /// looked up in `PATH` of ``environment``.
    public var arguments: [String]
    /// All of it: nothing is inherited.
    public var environment: [String: String]
    public var workingDirectory: FilePath
    /// Both outputs are appended here.
    public var outputFile: FilePath
    /// The child holds an exclusive `flock` on this file as its descriptor 3, for as long as it or anything it
    /// started lives; `locked` when somebody has it.
    public var lockFile: FilePath?

    public init(
        _ arguments: [String], environment: [String: String], workingDirectory: FilePath, outputFile: FilePath,
        lockFile: FilePath? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.outputFile = outputFile
        self.lockFile = lockFile
    }
}

public struct LaunchError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// No such program, or the interpreter that its first line names is missing.
        case notFound
        /// There is one, but this account may not run it, or it is not a program for this machine.
        case notExecutable
        case noWorkingDirectory
        /// Somebody holds the lock file: it runs already.
        case locked
        /// The output or lock file cannot be opened.
        case file(FileError)
        case system(Int32)
    }

    public var code: Code
    public var program: String

    public init(_ code: Code, program: String) {
        self.code = code
        self.program = program
    }

    public var description: String {
        switch code {
        case .notFound:
            "Cannot start \(program): there is no such program, or the interpreter it names is missing."
        case .notExecutable: "Cannot start \(program): it is not a program that this account may run on this machine."
        case .noWorkingDirectory: "Cannot start \(program): the folder it is to run in does not exist."
        case .locked: "Cannot start \(program): it runs already."
        case .file(let error): "Cannot start \(program). \(error)"
        case .system(let number):
            "Cannot start \(program): the system says “\(systemMessage(number))” (error \(number))."
        }
    }
}

/// Long-lived child processes that outlive this one. A port: tests put their own in its place.
public protocol Processes: Sendable {
    /// Starts it in a session of its own, so that a signal to this process's terminal or group does not reach it.
    func launch(_ launch: Launch) throws(LaunchError) -> any ProcessHandle
    /// A handle on a process that somebody else started; `nil` when it does not run any more.
    func adopt(_ identity: ProcessIdentity) -> (any ProcessHandle)?
    /// The processes that have the lock file open, as far as this account may look. Blocks for some milliseconds.
    func holders(of lockFile: FilePath) -> [ProcessIdentity]
}

/// A process and everything it started that stayed in its session.
public protocol ProcessHandle: AnyObject, Sendable {
    var identity: ProcessIdentity { get }
    /// Whether the process itself still runs.
    var isRunning: Bool { get }
    /// Returns at once when it has ended. Throws only when the task is cancelled.
    func wait() async throws(CancellationError) -> ProcessEnd
    /// Asks the whole session to end.
    func terminate()
    /// Ends the whole session by force.
    func kill()
    /// The members of its session that live: without itself once it has ended.
    func members() -> [ProcessIdentity]
}
