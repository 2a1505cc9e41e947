// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Platform
internal import ServiceControl

/// Asking the application how it is.
extension UpdateRunner {
    /// Seconds for one answer.
    private static let answerSeconds = 10.0
    /// Seconds for which a version has to stay up after its first good answer.
    private static let settleSeconds = 0.5

    /// The running version. One that has just been started, or has a bad moment, is given a few seconds.
    func healthNow(_ version: String) async -> Health {
        let patience = min(settings.health.timeoutSeconds, Self.answerSeconds)
        let began = clock.monotonicSeconds
        while true {
            let answer = await health.check(expecting: version, timeoutSeconds: Self.answerSeconds)
            if case .healthy = answer { return answer }
            guard clock.monotonicSeconds - began < patience, (try? await clock.sleep(seconds: 0.5)) != nil else {
                return answer
            }
        }
    }

    func expectationOfNew(_ context: RunContext) -> HealthExpectation {
        .new(
            context.journal.run.to, expectVersion: settings.health.expectVersion, before: context.journal.before)
    }

    /// Asks until it is as expected or its time is over. Until then it may die and be started again: a port that the
    /// system still keeps, a database that is late. Answers when it gave the first good answer, in monotonic seconds.
    func waitUntilHealthy(_ version: String, _ expectation: HealthExpectation) async throws -> Double {
        let limit = settings.health.timeoutSeconds
        let began = clock.monotonicSeconds
        var pause = 0.02
        var failure = UpdateFailure(.healthCheckFailed)
        var wrongSince: Double?
        while true {
            try Task.checkCancellation()
            let left = began + limit - clock.monotonicSeconds
            let answer = await health.check(
                expecting: expectation.version, timeoutSeconds: max(1, min(Self.answerSeconds, left)))
            let now = clock.monotonicSeconds
            if let problem = expectation.judge(answer) {
                failure = problem
            } else {
                if try await staysUp() { return now }
                failure = UpdateFailure(.serviceExited)
            }
            // A freshly started application that names another version will not change its mind.
            wrongSince = failure.code == .wrongVersion ? wrongSince ?? now : nil
            if let wrongSince, now - wrongSince >= 5 { throw failure }
            // Nor will a command that does not stay.
            if case .waitingToRestart(_, _, let reason?) = await service.state(), reason.code == .wentToBackground {
                throw UpdateFailure(reason)
            }
            guard now - began < limit else { throw await timedOut(failure, version, limit) }
            try await clock.sleep(seconds: pause)
            pause = min(pause * 1.5, 1)
        }
    }

    /// What has answered must be what was started, and stay: a command that goes to the background ends, and a child of it
    /// answers.
    private func staysUp() async throws -> Bool {
        guard !settings.command.isEmpty else { return true }
        let end = clock.monotonicSeconds + Self.settleSeconds
        guard case .running(let pid) = await service.state() else { return false }
        while clock.monotonicSeconds < end {
            try await clock.sleep(seconds: 0.125)
            guard case .running(pid: pid) = await service.state() else { return false }
        }
        return true
    }

    /// One that does not even stay up has no health to speak of.
    private func timedOut(_ failure: UpdateFailure, _ version: String, _ limit: Double) async -> UpdateFailure {
        var failure = failure
        if case .waitingToRestart = await service.state() {
            failure = UpdateFailure(.serviceExited, ["reason": failure.arguments["reason"] ?? ""])
        }
        failure.arguments["version"] = version
        failure.arguments["seconds"] = String(limit)
        return failure
    }

    /// Throws when the health check passes though the service is stopped: what answers would be taken for the new
    /// version.
    func requireSilence() async throws {
        // A command may look at a file that an application which had to be killed has left: only what answers on a port
        // must be somebody.
        guard !settings.command.isEmpty, settings.health.port != nil else { return }
        guard case .healthy = await health.check(expecting: nil, timeoutSeconds: 1) else { return }
        var arguments = ["reason": "the health check still passes"]
        arguments["listener"] = await listener()
        throw UpdateFailure(.stillAnswers, arguments)
    }

    private func listener() async -> String? {
        guard let port = settings.health.port else { return nil }
        return await BlockingWork.run { [processes] in
            processes.listeners(port: port).first.map { "\($0.name) (\($0.identity.pid))" }
        }
    }
}

extension HealthCheckSettings {
    /// The TCP port on this machine that is asked.
    var port: UInt16? {
        switch probe {
        case .tcp(_, let port): UInt16(exactly: port)
        case .http(let url): Self.port(of: url)
        case .command, .running: nil
        }
    }

    private static func port(of url: String) -> UInt16? {
        guard let start = url.range(of: "://") else { return nil }
        let authority = url[start.upperBound...].prefix { $0 != "/" && $0 != "?" }
        let digits = authority.reversed().prefix { $0.isNumber }.reversed()
        if !digits.isEmpty, authority.dropLast(digits.count).last == ":" { return UInt16(String(digits)) }
        return url.hasPrefix("https") ? 443 : 80
    }
}
