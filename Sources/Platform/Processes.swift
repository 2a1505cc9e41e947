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

/// A process that was seen running.
public struct RunningProcess: Sendable, Hashable, CustomStringConvertible {
    public var identity: ProcessIdentity
    /// Of its program, as the system cuts it off: 15 bytes.
    public var name: String
    /// Whether its session began with it.
    public var leadsSession: Bool

    public init(identity: ProcessIdentity, name: String, leadsSession: Bool = false) {
        self.identity = identity
        self.name = name
        self.leadsSession = leadsSession
    }

    public var description: String { "\(name) (process \(identity.pid))" }
}

/// By what everything of one application is known, wherever it went and whoever its parent is by now.
public struct ApplicationTraces: Sendable, Hashable {
    /// Each process of it inherits an exclusive `flock` on this file, unless it closes it.
    public var lockFile: FilePath?
    /// Each process of it inherits this in its environment, unless it is cleared or overwritten.
    public var mark: String?

    public init(lockFile: FilePath?, mark: String? = nil) {
        self.lockFile = lockFile
        self.mark = mark
    }

    /// 128 random bits, in hexadecimal digits.
    public static func randomMark() -> String {
        hex((0..<16).map { _ in UInt8.random(in: .min ... .max) })
    }
}

/// What to start, and how.
public struct Launch: Sendable, Hashable {
    /// The environment variable with the number of the descriptor that holds the lock.
    public static let lockVariable = "RICAMBIO_LOCK_FD"
    /// The environment variable with ``ApplicationTraces/mark``.
    public static let markVariable = "RICAMBIO_MARK"

    /// The program and what it is told. One with a slash is relative to the working directory, one without is
    /// looked up in `PATH` of ``environment``.
    public var arguments: [String]
    /// All of it but ``lockVariable`` and ``markVariable``: nothing is inherited.
    public var environment: [String: String]
    public var workingDirectory: FilePath
    /// Both outputs are appended here.
    public var outputFile: FilePath
    /// Open files that the child gets as its descriptors 3 and those that follow.
    public var inherited: [FileDescriptor]
    /// The child holds the lock as the descriptor after ``inherited``, for as long as it or anything it started lives;
    /// `locked` when somebody has it. With a mark this process becomes the parent of the application's orphans.
    public var traces: ApplicationTraces

    public init(
        _ arguments: [String], environment: [String: String], workingDirectory: FilePath, outputFile: FilePath,
        inherited: [FileDescriptor] = [], traces: ApplicationTraces = ApplicationTraces(lockFile: nil)
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.outputFile = outputFile
        self.inherited = inherited
        self.traces = traces
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
    /// A handle on a process that somebody else started; `nil` when it does not run any more. Without a mark in
    /// `traces` the one in its environment is taken.
    func adopt(_ identity: ProcessIdentity, traces: ApplicationTraces) -> (any ProcessHandle)?
    /// What runs of an application whose first process is not known: holders of its lock, bearers of its mark and
    /// their descendants, the earliest first, as far as this account may look. Blocks for some milliseconds.
    func members(traces: ApplicationTraces) -> [RunningProcess]
    /// Whether anybody holds the lock. Blocks.
    func isHeld(_ lockFile: FilePath) -> Bool
    /// The processes that listen on the TCP port, as far as this account may look. Blocks for some milliseconds.
    func listeners(port: UInt16) -> [RunningProcess]
}

/// An application: a process and everything of it. What is of it: its session, who holds its lock or bears its mark,
/// the descendants of all these, and orphans that can be of no other application. Never this process, nor what it
/// started besides. All but `wait` and `isRunning` block for some milliseconds.
public protocol ProcessHandle: AnyObject, Sendable {
    var identity: ProcessIdentity { get }
    var traces: ApplicationTraces { get }
    /// Whether the process itself still runs.
    var isRunning: Bool { get }
    /// Returns at once when it has ended. Throws only when the task is cancelled.
    func wait() async throws(CancellationError) -> ProcessEnd
    /// What runs of it, the earliest first: without the process itself once that has ended.
    func members() -> [RunningProcess]
    /// Asks everything of it to end, each process only once; answers whom there was to ask.
    @discardableResult func terminate() -> [RunningProcess]
    /// Ends everything of it by force; answers what there was to end.
    @discardableResult func kill() -> [RunningProcess]
}
