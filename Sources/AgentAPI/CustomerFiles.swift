// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// What the plan and the record of a run name of the customer's files.
public enum CustomerFiles {
    /// A folder may hold millions of foreign files: more than these are counted, not named.
    public static let maximumListed = 1000

    static func listed<Element>(_ all: [Element]) -> [Element] { Array(all.prefix(maximumListed)) }
}

/// Something of the customer's that the new version's folder cannot have, or not whole.
public struct NotCarriedFile: Codable, Sendable, Hashable {
    public enum What: String, Codable, Sendable, CaseIterable, Hashable {
        /// A device, socket or pipe: nothing without the program that made it.
        case special
        /// It is copied, but may be changed then: its `chattr +i` or `+a` stays behind.
        case immutableMark = "immutable-mark"
        case owner
        case group
        case accessList = "access-list"
        /// An extended attribute.
        case attribute
    }

    /// Relative to the application folder, readable.
    public var path: String
    public var what: What
    /// The attribute's name.
    public var name: String?

    public init(path: String, what: What, name: String? = nil) {
        self.path = path
        self.what = what
        self.name = name
    }
}

/// The folder of the version before, which an update has left.
public struct OldFolder: Codable, Sendable, Hashable {
    /// Names it wherever it is moved; `nil` from agents that named none.
    public var id: String?
    /// Absolute, readable.
    public var path: String
    public var version: String
    /// When it is deleted, or earlier when an update needs the space.
    public var until: Date

    public init(id: String? = nil, path: String, version: String, until: Date) {
        self.id = id
        self.path = path
        self.version = version
        self.until = until
    }
}
