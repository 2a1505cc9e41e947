// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Waits for something that another process does; bounded.
public func eventually(seconds: Double = 20, _ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try await condition()
}

/// Whether the process has ended; a zombie has.
public func isGone(_ pid: Int32) throws -> Bool {
    guard let bytes = try? POSIXFileSystem().read(FilePath("/proc/\(pid)/stat"), limit: 4096) else { return true }
    let text = String(decoding: bytes, as: UTF8.self)
    return text[(text.lastIndex(of: ")") ?? text.startIndex)...].dropFirst(2).first == "Z"
}
