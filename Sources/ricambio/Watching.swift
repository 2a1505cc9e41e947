// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import RicambioClient

/// How a run that is being watched reaches the person or the script.
enum WatchOutput {
    /// Redrawn lines.
    case terminal
    case plain
    /// One compact JSON document per change.
    case jsonLines
    /// Nothing until the run has ended.
    case silent

    static func chosen(json: Bool) -> WatchOutput {
        if json { return .jsonLines }
        return Console.isOutputTerminal ? .terminal : .plain
    }
}

/// Shows a run as it changes. An actor, because the clock that redraws the countdown runs beside the stream.
actor RunScreen {
    private let display: ProgressDisplay
    private let output: WatchOutput
    private var plain: PlainProgress
    private var run: UpdateRun?
    private var drawn = 0

    init(output: WatchOutput, display: ProgressDisplay) {
        self.output = output
        self.display = display
        plain = PlainProgress(display: display)
    }

    func show(_ run: UpdateRun) throws {
        self.run = run
        switch output {
        case .terminal: redraw()
        case .plain: Console.print(lines: plain.lines(for: run))
        case .jsonLines: Console.print(data: try APIJSON.encode(run))
        case .silent: break
        }
    }

    /// Shows the time that has passed since the last change.
    func tick() {
        if output == .terminal, run?.outcome == nil { redraw() }
    }

    private func redraw() {
        guard let run else { return }
        let lines = display.picture(of: run, now: Date(), width: Console.width)
        // Up over what was drawn last, and clear from there to the end of the screen.
        let back = drawn > 0 ? "\u{1B}[\(drawn)A\r\u{1B}[J" : ""
        Console.write(back + lines.joined(separator: "\n") + "\n")
        drawn = lines.count
    }
}

extension Administration {
    /// Follows `run` until it has ended and returns it as it ended.
    func follow(_ run: UpdateRun, output: WatchOutput, display: ProgressDisplay) async throws -> UpdateRun {
        let screen = RunScreen(output: output, display: display)
        try await screen.show(run)
        if run.outcome != nil { return run }
        return try await withThrowingTaskGroup(of: UpdateRun?.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(500))
                    await screen.tick()
                }
                return nil
            }
            group.addTask {
                var last = run
                for try await change in watch(run.id, of: run.installation) where change != last {
                    last = change
                    try await screen.show(change)
                }
                return last
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            return run
        }
    }
}
