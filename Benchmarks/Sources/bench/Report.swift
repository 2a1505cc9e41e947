// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// One figure of a benchmark, beside its peer's of the same run where there is one.
struct Measurement: Encodable {
    var name: String
    var value: Double
    var unit: String
    /// What does the same.
    var peer: String?
    var peerValue: Double?
    /// `value` of ours to the peer's.
    var ratio: Double? { peerValue.map { value / $0 } }
    /// What the figure, or the ratio if there is a peer, must not exceed.
    var bar: Double?
    /// What it must reach.
    var floor: Double?
    var isMet: Bool? { bar.map { (ratio ?? value) <= $0 } ?? floor.map { (ratio ?? value) >= $0 } }

    private enum CodingKeys: String, CodingKey {
        case name, value, unit, peer, peerValue, ratio, bar, floor, isMet
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(value, forKey: .value)
        try container.encode(unit, forKey: .unit)
        try container.encodeIfPresent(peer, forKey: .peer)
        try container.encodeIfPresent(peerValue, forKey: .peerValue)
        try container.encodeIfPresent(ratio, forKey: .ratio)
        try container.encodeIfPresent(bar, forKey: .bar)
        try container.encodeIfPresent(floor, forKey: .floor)
        try container.encodeIfPresent(isMet, forKey: .isMet)
    }
}

/// All figures of one run: a table for people, JSON for programs.
struct Report {
    let title: String
    private(set) var measurements: [Measurement] = []

    init(_ title: String) { self.title = title }

    /// Says it at once: some benchmarks take minutes.
    mutating func add(_ measurement: Measurement) {
        measurements.append(measurement)
        print(Self.line(measurement))
        fflush(nil)
    }

    func write(to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileManager.default.createDirectory(
            at: URL(filePath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
        try encoder.encode([title: measurements]).write(to: URL(filePath: file))
    }

    private static func line(_ measurement: Measurement) -> String {
        var columns = [
            measurement.name.padding(toLength: 58, withPad: " ", startingAt: 0),
            "\(number(measurement.value)) \(measurement.unit)",
        ]
        if let peer = measurement.peer, let value = measurement.peerValue, let ratio = measurement.ratio {
            columns.append("\(peer) \(number(value)) \(measurement.unit), ratio \(String(format: "%.3f", ratio))")
        }
        if let bar = measurement.bar, let isMet = measurement.isMet {
            columns.append("bar \(number(bar)): \(isMet ? "met" : "MISSED")")
        }
        if let floor = measurement.floor, let isMet = measurement.isMet {
            columns.append("at least \(number(floor)): \(isMet ? "met" : "MISSED")")
        }
        return columns.joined(separator: " | ")
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : String(format: "%.3f", value)
    }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
}

/// Seconds.
func timed(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
}
