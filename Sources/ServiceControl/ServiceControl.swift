// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif
public import Platform

/// What an application's service is doing.
public enum ServiceCondition: Sendable, Hashable {
    case stopped
    case starting
    case running(pid: Int32)
    case stopping
    /// It ended by itself, or did not start, `exits` times in a row; the reason is that of the last time, where there
    /// is more to say than that it ended.
    case waitingToRestart(until: Date, exits: Int, reason: ServiceError?)

    public var isRunning: Bool {
        if case .running = self { true } else { false }
    }
}

/// How a stop went.
public struct StopReport: Sendable, Hashable {
    /// It did not end when asked, or left processes behind, and had to be ended by force.
    public var forced: Bool
    /// From the request until nothing of it was running any more.
    public var seconds: Double

    public init(forced: Bool, seconds: Double) {
        self.forced = forced
        self.seconds = seconds
    }
}

/// Starts and stops an installation's application. One implementation per service manager.
public protocol ServiceControl: Sendable {
    func state() async -> ServiceCondition
    /// Returns once it is spawned and has not died at once; never runs it twice: when it runs already, nothing happens.
    /// After a failure it counts as wanted and ``run()`` goes on trying, until ``stop()``.
    func start(environment: [String: String]) async throws(ServiceError)
    /// Asks, then forces. From here on it is stopped on purpose: it stays down until ``start(environment:)``.
    func stop() async throws(ServiceError) -> StopReport
    /// Supervises: restarts with back-off what ended by itself. Ends when the task is cancelled, and leaves the
    /// application running then.
    func run() async
    /// The last lines that the application wrote.
    func recentOutput(lines: Int) async -> String
}

extension ServiceControl {
    public func recentOutput(lines: Int) async -> String { "" }
}

/// Why a service did not start or stop. Compared by code in tests.
public struct ServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// No such program, or no interpreter for it.
        case notFound
        case notExecutable
        /// The folder it is to run in does not exist.
        case noFolder
        /// It ended within moments of its start.
        case diedAtOnce
        /// It ended with status 0 and left processes behind, as a command does that goes to the background: only what
        /// stays in the foreground can be supervised.
        case wentToBackground
        /// Even force did not end it.
        case doesNotStop
        /// Something of it that this agent cannot adopt runs, or holds its lock.
        case alreadyRunning
        case file(FileError)
        case system(Int32)
    }

    public var code: Code
    /// A sentence.
    public var reason: String
    /// The program.
    public var place: String

    public init(_ code: Code, reason: String, place: String) {
        self.code = code
        self.reason = reason
        self.place = place
    }

    public var description: String { reason }

    init(_ error: LaunchError) {
        let code: Code =
            switch error.code {
            case .notFound: .notFound
            case .notExecutable: .notExecutable
            case .noWorkingDirectory: .noFolder
            case .locked: .alreadyRunning
            case .file(let error): .file(error)
            case .system(let number): .system(number)
            }
        self.init(code, reason: error.description, place: error.program)
    }
}

/// How long to wait before an application that ended by itself is started again.
public struct Backoff: Sendable, Hashable {
    /// Seconds before the first restart; doubled for each further one.
    public var initial: Double
    public var maximum: Double
    /// After running this many seconds an application counts as sound again.
    public var resetAfter: Double

    public init(initial: Double = 1, maximum: Double = 60, resetAfter: Double = 60) {
        self.initial = initial
        self.maximum = maximum
        self.resetAfter = resetAfter
    }

    /// Seconds to wait after so many exits in a row (1 or more).
    public func delay(exits: Int) -> Double {
        var delay = initial
        for _ in 1..<max(1, exits) where delay < maximum { delay *= 2 }
        return min(delay, maximum)
    }
}
