// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import Synchronization
import SystemPackage
import Testing

/// Nothing is timed: what is done to the file system while the service is down is counted.
@Suite("While the service is down")
struct DownTimeTests {
    /// Operations from the end of the stop to the beginning of the start.
    private func operations(kept: Int, other: Int) async throws -> [String: Int] {
        let tally = Tally()
        let place = try Place(fileSystem: TestFileSystem(tally: tally))
        for number in 0..<kept { try write("preferences/user-\(number)", "theme: own\n", in: place.layout.live) }
        for number in 0..<other { try write("lib/more/file-\(number)", "code", in: place.layout.live) }
        // Files that were just written are looked at again; these, links among them, are not.
        let old = [timespec](repeating: timespec(tv_sec: 1_600_000_000, tv_nsec: 0), count: 2)
        for name in try FileManager.default.subpathsOfDirectory(atPath: place.layout.live.string) {
            try #require(
                utimensat(AT_FDCWD, place.layout.live.appending(name).string, old, AT_SYMLINK_NOFOLLOW) == 0)
        }
        // The system's own time of change cannot be set: what was changed within a tick of being copied is copied again.
        let made = ContinuousClock.now
        while ContinuousClock.now - made < .seconds(2.5) { try await Task.sleep(for: .milliseconds(50)) }
        let before = Mutex<[String: Int]?>(nil)
        let after = Mutex<[String: Int]?>(nil)
        place.service.behave {
            $0.whenStopped = { before.withLock { $0 = $0 ?? tally.counts } }
            $0.beforeStart = { after.withLock { $0 = $0 ?? tally.counts } }
        }
        #expect(await place.update().outcome == .updated)
        let start = try #require(before.withLock { $0 })
        let end = try #require(after.withLock { $0 })
        return end.merging(start) { $0 - $1 }.filter { $0.value != 0 }
    }

    @Test("A thousand unchanged kept files cost no call of their own; the rest of the folder costs nothing")
    func independent() async throws {
        let few = try await operations(kept: 10, other: 0)
        let many = try await operations(kept: 1000, other: 0)
        let large = try await operations(kept: 10, other: 2000)
        #expect(large == few)
        // They are looked at with their folder, in one list.
        #expect(many == few)
        // Two journal entries, the swap, and what was copied because the clock could not vouch for it.
        #expect(few.values.reduce(0, +) < 100, "\(few)")
    }
}
