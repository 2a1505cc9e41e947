// SPDX-License-Identifier: Apache-2.0

/// One command of the configuration's `data:` as it ran in a run.
public struct CommandOutput: Codable, Sendable, Hashable {
    public enum Action: String, Codable, Sendable, CaseIterable, Hashable {
        case save
        case verify
        case restore
        /// How much space a snapshot takes.
        case size
    }

    /// The data's name in the configuration.
    public var name: String
    public var action: Action
    /// The exit status; `nil` when it had none, since it did not start or was ended: its time was over.
    public var status: Int?
    /// The end of what it wrote, at most ``maximumOutput`` bytes.
    public var output: String
    public var seconds: Double

    public static let maximumOutput = 4096

    /// Keeps the end of `output`, where a program says why it failed.
    public init(name: String, action: Action, status: Int?, output: String, seconds: Double) {
        self.name = name
        self.action = action
        self.status = status
        // What is left of a character that the cut went through is left out.
        let end = output.utf8.suffix(Self.maximumOutput)
        self.output = String(
            decoding: end.count < output.utf8.count ? end.drop { $0 & 0xC0 == 0x80 } : end, as: UTF8.self)
        self.seconds = seconds
    }
}
