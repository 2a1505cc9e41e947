// SPDX-License-Identifier: Apache-2.0

/// Notices a server that drips, the "slow retrieval" attack of the specification: of the time spent waiting for it, each
/// ``seconds`` must bring enough bytes.
package struct Pace: Sendable {
    package var seconds: Double
    package var minimumBytesPerSecond: Int
    private var waited = 0.0
    private var bytes = 0

    package init(seconds: Double, minimumBytesPerSecond: Int) {
        self.seconds = seconds
        self.minimumBytesPerSecond = minimumBytesPerSecond
    }

    /// - Parameter duration: seconds of waiting for these bytes.
    package mutating func keepsUp(bytes count: Int, waited duration: Double) -> Bool {
        waited += duration
        bytes += count
        guard waited >= seconds else { return true }
        defer { (waited, bytes) = (0, 0) }
        return Double(bytes) >= waited * Double(minimumBytesPerSecond)
    }
}
