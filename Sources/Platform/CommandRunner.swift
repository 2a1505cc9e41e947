// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// A short command: run to its end, with its output in memory.
public struct Command: Sendable, Hashable {
    /// The program and what it is told. A program without a slash is looked up in `PATH` of ``environment``.
    public var arguments: [String]
    /// All of it, but that a process which starts applications marks what else it starts: nothing is inherited.
    public var environment: [String: String]
    /// `nil` means this process's own.
    public var workingDirectory: FilePath?
    /// Never on the command line, where every account of the machine could read it.
    public var input: [UInt8]
    /// Seconds until the command and what it started are killed.
    public var timeout: Double
    /// Bytes kept of each of the two outputs; what comes after is read and dropped.
    public var outputLimit: Int

    public init(
        _ arguments: [String], environment: [String: String] = [:], workingDirectory: FilePath? = nil,
        input: [UInt8] = [], timeout: Double = 60, outputLimit: Int = 1 << 20
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.timeout = timeout
        self.outputLimit = outputLimit
    }
}

public struct CommandResult: Sendable, Hashable {
    public var end: ProcessEnd
    public var output: [UInt8]
    public var error: [UInt8]

    public init(end: ProcessEnd, output: [UInt8], error: [UInt8]) {
        self.end = end
        self.output = output
        self.error = error
    }

    public var succeeded: Bool { end == .exited(0) }
    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: error, as: UTF8.self) }
}

public struct CommandError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case launch(LaunchError.Code)
        case timedOut
        case cancelled
        case system(Int32)
    }

    public var code: Code
    public var program: String
    public var description: String

    init(_ code: Code, program: String, _ description: String) {
        self.code = code
        self.program = program
        self.description = description
    }

    public static func == (a: Self, b: Self) -> Bool { a.code == b.code && a.program == b.program }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(program)
    }
}

/// Runs short commands. A port: tests answer without running anything.
public protocol CommandRunner: Sendable {
    /// Any exit status is an answer, not an error. Cancelling the task kills the command and what it started.
    func run(_ command: Command) async throws(CommandError) -> CommandResult
}
