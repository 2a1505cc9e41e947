// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import TestSupport

extension TemporaryFolder {
    func file(_ name: String, _ text: String, permissions: UInt16 = 0o644) throws -> FilePath {
        let file = path.appending(name)
        try POSIXFileSystem().replace(file, with: Array(text.utf8), permissions: permissions)
        return file
    }
}

/// Waits for something that another process does; bounded.
func eventually(seconds: Double = 20, _ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try await condition()
}

/// Whether the process has ended; a zombie has.
func isGone(_ pid: Int32) throws -> Bool {
    guard let bytes = try? POSIXFileSystem().read(FilePath("/proc/\(pid)/stat"), limit: 4096) else { return true }
    let text = String(decoding: bytes, as: UTF8.self)
    return text[(text.lastIndex(of: ")") ?? text.startIndex)...].dropFirst(2).first == "Z"
}
