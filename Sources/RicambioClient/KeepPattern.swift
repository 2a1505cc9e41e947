// SPDX-License-Identifier: Apache-2.0

/// Which files inside a client's folder are the person's own, such as `preferences/**` or `*.license`.
///
/// `*` and `?` stay within a name, `**` as a whole name stands for any number of folders, and `x/**` is also `x` itself.
public struct KeepPattern: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let description: String
    private let names: [[UInt8]]

    public init(_ pattern: String) {
        description = pattern
        names = pattern.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
    }

    public init(stringLiteral pattern: String) {
        self.init(pattern)
    }

    /// Whether `path`, relative to the folder, is kept.
    public func matches(_ path: String) -> Bool {
        Self.match(names[...], path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)[...])
    }

    private static let anyFolders = Array("**".utf8)

    private static func match(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == anyFolders {
            if match(pattern.dropFirst(), path) { return true }
            return !path.isEmpty && match(pattern, path.dropFirst())
        }
        guard let name = path.first, matchName(first[...], name[...]) else { return false }
        return match(pattern.dropFirst(), path.dropFirst())
    }

    /// Remembers the last `*` only, so that no pattern takes more than the product of both lengths.
    private static func matchName(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (pattern, name) = (pattern, name)
        var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while let byte = name.first {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, name)
            } else if let expected = pattern.first, expected == byte || expected == UInt8(ascii: "?") {
                (pattern, name) = (pattern.dropFirst(), name.dropFirst())
            } else if let last = retry {
                retry = (last.pattern, last.name.dropFirst())
                (pattern, name) = (last.pattern, last.name.dropFirst())
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
