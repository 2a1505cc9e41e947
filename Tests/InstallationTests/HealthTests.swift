// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage
import Testing

@testable import Installation

@Suite("Health is learnt from the running version")
struct HealthTests {
    private func judge(
        _ answer: Health, expectVersion: Bool?, before: String?, _ version: String = "2.0"
    ) -> FailureCode? {
        HealthExpectation.new(
            version, expectVersion: expectVersion, before: HealthBefore(isHealthy: true, version: before)
        ).judge(answer)?.code
    }

    @Test("One that names no version is never held to one; one that names it is, and 2.0.0 is 2.0")
    func new() {
        #expect(judge(.healthy(version: nil), expectVersion: nil, before: nil) == nil)
        #expect(judge(.healthy(version: nil), expectVersion: true, before: nil) == nil)
        #expect(judge(.healthy(version: nil), expectVersion: true, before: "1.0") == .healthCheckFailed)
        #expect(judge(.healthy(version: "2.0.0"), expectVersion: nil, before: "1.0") == nil)
        #expect(judge(.healthy(version: "1.0"), expectVersion: nil, before: "1.0") == .wrongVersion)
        #expect(judge(.healthy(version: "1.0"), expectVersion: false, before: "1.0") == nil)
        #expect(judge(.unhealthy(reason: "no"), expectVersion: false, before: nil) == .healthCheckFailed)
    }

    @Test("The old version is asked for no more than it answered before")
    func old() {
        let named = HealthExpectation.old(
            expectVersion: nil, before: HealthBefore(isHealthy: true, version: "1.0-custom"))
        #expect(named.judge(.healthy(version: "1.0-custom")) == nil)
        #expect(named.judge(.healthy(version: "2.0"))?.code == .wrongVersion)
        let silent = HealthExpectation.old(expectVersion: nil, before: HealthBefore(isHealthy: true, version: nil))
        #expect(silent.judge(.healthy(version: "anything")) == nil)
    }

    @Test(
        "A running version that is not healthy is an obstacle, which the order may override", arguments: [true, false])
    func unhealthy(repair: Bool) async throws {
        let place = try Place()
        place.service.behave { $0.unhealthy = ["1.0"] }
        let run = await place.update(UpdateOrder(graceSeconds: 10, repair: repair))
        #expect(run.outcome == (repair ? .updated : .failed))
        #expect(run.failure?.code == (repair ? nil : "service-unhealthy"))
        #expect(place.service.stops == (repair ? 1 : 0))
        try place.expectAtRest(repair ? "2.0" : "1.0")
    }

    @Test("A repair that fails ends with the old version running, though it is as unwell as before")
    func repairFails() async throws {
        let place = try Place()
        place.service.behave { $0.unhealthy = ["1.0", "2.0"] }
        let run = await place.update(UpdateOrder(graceSeconds: 10, repair: true))
        #expect(run.outcome == .rolledBack)
        try place.expectAtRest("1.0")
    }

    @Test("Something that answers the health check of a stopped service is no new version: the run goes back")
    func stillAnswers() async throws {
        let place = try Place()
        place.service.behave { $0.answersWhenStopped = true }
        let run = await place.update()
        #expect(run.outcome == .rolledBack)
        #expect(run.failure?.code == "still-answers")
        #expect(place.service.starts == ["1.0"])
        try place.expectAtRest("1.0")
    }

    @Test("The port that is asked is read from the address")
    func port() {
        let port = { HealthCheckSettings(probe: .http(url: $0)).port }
        #expect(port("http://127.0.0.1:8080/health") == 8080)
        #expect(port("https://localhost/health") == 443)
        #expect(port("http://[::1]:9100/x?y=1:2") == 9100)
        #expect(port("http://localhost") == 80)
    }
}
