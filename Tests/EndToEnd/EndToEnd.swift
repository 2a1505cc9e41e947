// SPDX-License-Identifier: Apache-2.0
import Stage
import Testing

/// Everything here runs the real executables, one story at a time: they would starve each other's time limits.
@Suite("End to end", .serialized)
struct EndToEnd {}

/// Sets a stage, plays, and ends every process of it, whatever happens.
func withStage(_ body: (Stage) async throws -> Void) async throws {
    let stage = try Stage(executables: Executables())
    do {
        try await body(stage)
    } catch {
        await stage.cleanUp()
        throw error
    }
    await stage.cleanUp()
}
