// SPDX-License-Identifier: Apache-2.0

/// Something on the stage did not go as it must; says what, with what was seen instead.
public struct StageError: Error, CustomStringConvertible, Sendable {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// Waits until `condition` holds, looking often, for at most `seconds`; errors of `condition` count as "not yet"
/// and the last one is told when the time is over.
public func eventually(
    _ what: String, within seconds: Double = 60, _ condition: () async throws -> Bool
) async throws {
    _ = try await eventualValue(what, within: seconds) { try await condition() ? true : nil }
}

/// Waits until `value` is there.
public func eventualValue<Value>(
    _ what: String, within seconds: Double = 60, _ value: () async throws -> Value?
) async throws -> Value {
    let start = ContinuousClock.now
    var last: (any Error)?
    repeat {
        try Task.checkCancellation()
        do {
            if let value = try await value() { return value }
            last = nil
        } catch {
            last = error
        }
        try await Task.sleep(for: .milliseconds(50))
    } while ContinuousClock.now - start < .seconds(seconds)
    throw StageError("Not within \(seconds) s: \(what)" + (last.map { ". Last seen: \($0)" } ?? ""))
}
