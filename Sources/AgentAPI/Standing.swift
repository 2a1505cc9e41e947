// SPDX-License-Identifier: Apache-2.0

/// What there is when not even going back has worked: looked at, after all was tried to have the service running.
public struct Standing: Codable, Sendable, Hashable {
    public enum Place: String, Codable, Sendable, CaseIterable, Hashable {
        /// The version before.
        case old
        case new
        /// None that is known.
        case unknown
    }

    /// What stands in the application's place.
    public var inPlace: Place
    public var isRunning: Bool
    /// Absolute paths of what was saved of data that could not be given back; a person has to.
    public var savedData: [String]

    public init(inPlace: Place, isRunning: Bool, savedData: [String] = []) {
        self.inPlace = inPlace
        self.isRunning = isRunning
        self.savedData = savedData
    }
}
