// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Platform
import Stage
import SystemPackage
import Testing

extension EndToEnd {
    @Suite("One update of Office Maker Business", .serialized)
    struct StoryTests {
        @Test(
            "From the order to the mail: warned, closed, carried over, swapped, healthy, and the clients come back new")
        func wholeStory() async throws {
            try await withStage { stage in
                let report = try await UpdateStory(stage: stage, graceSeconds: 4) { _ in }.play()
                for check in report.checks { #expect(check.isTrue, "\(check.what)") }
                #expect(report.checks.count >= 16)
                #expect(report.steps.map(\.name) == UpdateStep.allCases.filter { $0 != .rollingBack }.map(\.rawValue))
                #expect(report.clientVersion == "2.0")
                // Down time is the application's own stop and start, and two renames.
                let down = try #require(report.downtimeSeconds)
                let own = try #require(report.applicationStopSeconds) + (report.applicationStartSeconds ?? 0)
                #expect(down < own + 2)
            }
        }

        @Test("The administrator orders it from a workstation, in OM Client")
        func fromWorkstation() async throws {
            try await withStage { stage in
                let story = try UpdateStory(stage: stage, graceSeconds: 0) { _ in }
                let scene = try await story.prepare()
                let password = story.customer.folder.appending("password")
                let ordering = try await scene.office.start(
                    server: scene.server,
                    script: ["order-update --grace 0 --email admin@example.com", "wait reconnected"],
                    options: ["--agent-password-file", password.string])
                #expect(try await ordering.wait(within: 120) == .exited(0), "\(ordering.text)")
                try await eventually("the run has ended") {
                    try await story.customer.answer([UpdateRun].self, ["history"]).first?.outcome == .updated
                }
                #expect(scene.office.log.contains { $0.event == "reconnected" && $0.serverVersion == "2.0" })
                let run = try await story.customer.answer([UpdateRun].self, ["history"]).first
                #expect(run?.requestedBy == "admin")
                #expect(run?.order.email == ["admin@example.com"])
            }
        }
    }
}
