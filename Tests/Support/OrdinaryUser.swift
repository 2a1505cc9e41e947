// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs `body` with an ordinary user's rights to files: those of this thread only, since the suite's other tests need
/// theirs. Needs root.
public func asUser<Value>(_ id: UInt32, _ body: () throws -> Value) throws -> Value {
    let user = try fileRights("setfsuid")
    let group = try fileRights("setfsgid")
    _ = group(id)
    _ = user(id)
    // Each answers what was before, also when it did nothing.
    defer {
        _ = user(0)
        _ = group(0)
    }
    guard user(id) == Int32(id), group(id) == Int32(id) else { throw NotPermitted() }
    return try body()
}

public struct NotPermitted: Error {}

/// Glibc's module hides both.
private func fileRights(_ name: String) throws -> @convention(c) (UInt32) -> Int32 {
    guard let address = dlsym(nil, name) else { throw NotPermitted() }
    return unsafeBitCast(address, to: (@convention(c) (UInt32) -> Int32).self)
}
