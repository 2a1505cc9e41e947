// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// What goes wrong in a round.
enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// SIGKILL; a killed agent is started again soon, as a service manager would.
    case kill(agent: Bool, application: Bool)
    /// Calls of the agent that change the file system fail: `skip` pass, the next `count` do not. From the moment on in which
    /// the application is asked to stop, or at once.
    case failingCalls(error: Errno, skip: Int, count: Int, fromStopping: Bool)
    /// The customer's disk has only so many bytes left, for so many seconds.
    case fullDisk(leaving: Int64, seconds: Double)
    /// Somebody moves `<name>_old` to another name.
    case oldMovedAway
    /// Somebody puts a folder of his own where `<name>_old` would be.
    case strangerAtOld
    /// Everything is stopped, and somebody puts a copy of the application in its place, as after a restore.
    case restoredFromCopy

    var description: String {
        switch self {
        case .kill(let agent, let application):
            "kill of \(agent && application ? "both" : agent ? "the agent" : "the application")"
        case .failingCalls(let error, let skip, let count, let fromStopping):
            "\(count == 1 ? "a call fails" : "\(count) calls fail") with \(Self.name(error)) after \(skip) others"
                + (fromStopping ? " from stopping on" : "")
        case .fullDisk(let leaving, let seconds):
            "a disk with \(leaving >> 10) KiB left for \(rounded(seconds)) s"
        case .oldMovedAway: "_old moved away"
        case .strangerAtOld: "a stranger's _old"
        case .restoredFromCopy: "the application restored from a copy"
        }
    }

    private static func name(_ error: Errno) -> String {
        switch error {
        case .ioError: "EIO"
        case .noSpace: "ENOSPC"
        case .permissionDenied: "EACCES"
        default: "\(error.rawValue)"
        }
    }
}

func rounded(_ seconds: Double) -> String {
    "\((seconds * 100).rounded() / 100)"
}

/// One round, as it was drawn: which version is ordered, and what goes wrong when.
struct RoundPlan: Sendable, Hashable {
    struct Moment: Sendable, Hashable {
        /// Seconds after the order; before it when it is negative.
        var at: Double
        var fault: Fault
    }

    var behaviour: SoakRelease.Behaviour
    var graceSeconds: Int
    /// Whether the file system can exchange two folders.
    var hasExchange: Bool
    /// In the order of their moments.
    var faults: [Moment]

    /// `expected` is how many seconds an update takes when nothing goes wrong: the time in which faults are spread.
    static func random(
        hasSmallDisk: Bool, expected: Double, using generator: inout SeededGenerator
    ) -> RoundPlan {
        let kinds: [SoakRelease.Behaviour] = [
            .healthy, .healthy, .healthy, .neverHealthy, .crashesAtStart, .migrates, .migratesAndFails,
            .migratesAndFails,
        ]
        // A round without faults shows that the ones before have left nothing bad behind.
        let count = [0, 1, 2, 2, 3, 3].randomElement(using: &generator) ?? 0
        var faults = (0..<count).map { _ in
            moment(hasSmallDisk: hasSmallDisk, expected: expected, using: &generator)
        }
        faults.sort { $0.at < $1.at }
        return RoundPlan(
            behaviour: kinds.randomElement(using: &generator) ?? .healthy,
            graceSeconds: Int.random(in: 0...1, using: &generator),
            hasExchange: Int.random(in: 0..<3, using: &generator) > 0, faults: faults)
    }

    private static func moment(
        hasSmallDisk: Bool, expected: Double, using generator: inout SeededGenerator
    ) -> Moment {
        let at = Double.random(in: 0...expected, using: &generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0..<4: return Moment(at: at, fault: .kill(agent: true, application: false))
        case 4..<6: return Moment(at: at, fault: .kill(agent: false, application: true))
        case 6..<8: return Moment(at: at, fault: .kill(agent: true, application: true))
        case 8..<15:
            let fromStopping = Int.random(in: 0..<3, using: &generator) > 0
            // Nobody knows how many there are: few are as likely to be skipped as many.
            let most = Int.random(in: 1...(fromStopping ? 250 : 1500), using: &generator)
            let errors: [Errno] = [.ioError, .noSpace, .permissionDenied]
            let fault = Fault.failingCalls(
                error: errors.randomElement(using: &generator) ?? .ioError,
                skip: Int.random(in: 0..<most, using: &generator),
                count: Int.random(in: 0..<4, using: &generator) == 0 ? 5 : 1, fromStopping: fromStopping)
            // Counted from the order on: the calls themselves say when.
            return Moment(at: 0, fault: fault)
        case 15..<17 where hasSmallDisk:
            let fault = Fault.fullDisk(
                leaving: Int64.random(in: 0...(64 << 10), using: &generator),
                seconds: Double.random(in: 0.05...2, using: &generator))
            return Moment(at: at, fault: fault)
        case 17: return Moment(at: -1, fault: .restoredFromCopy)
        case 18: return Moment(at: at - 0.3, fault: .strangerAtOld)
        default: return Moment(at: at - 0.3, fault: .oldMovedAway)
        }
    }
}
