// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// A release's entries by folder, for walks that go down a folder and its release side by side. Compact: a release may
/// have 100,000 of them.
struct ReleaseFolders: Sendable {
    /// The release's part of one folder.
    struct Level: Sendable {
        fileprivate var items: Range<Int>
        /// Bytes of each path before the names in this folder.
        fileprivate var prefix: Int
    }

    struct Child: Sendable {
        var name: ArraySlice<UInt8>
        /// Its index among the release's entries; `nil` for a folder that only its content speaks of.
        var entry: Int?
        var inside: Level

        var component: FilePath.Component {
            // A release's paths were checked: each name has a byte at least, and neither slash nor zero.
            guard let component = FilePath.Component(bytes: name) else {
                preconditionFailure("a release's name is none")
            }
            return component
        }
    }

    /// All paths, one after the other, with a zero for each slash: below all bytes of names, so that what is in a folder
    /// follows it.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// Entries in the order of these bytes.
    private var order: [Int]

    init(_ entries: [ReleaseEntry]) {
        var (bytes, ends): ([UInt8], [Int]) = ([], [])
        ends.reserveCapacity(entries.count)
        for entry in entries {
            entry.path.withPlatformString { path in
                for byte in UnsafeBufferPointer(start: path, count: entry.path.length) {
                    bytes.append(byte == CChar(bitPattern: UInt8(ascii: "/")) ? 0 : UInt8(bitPattern: byte))
                }
            }
            ends.append(bytes.count)
        }
        func path(_ entry: Int) -> ArraySlice<UInt8> { bytes[(entry == 0 ? 0 : ends[entry - 1])..<ends[entry]] }
        order = entries.indices.filter { !path($0).isEmpty }
        order.sort { path($0).lexicographicallyPrecedes(path($1)) }
        (self.bytes, self.ends) = (bytes, ends)
    }

    /// The application folder itself.
    var top: Level { Level(items: order.indices, prefix: 0) }

    private func path(_ item: Int) -> ArraySlice<UInt8> {
        let entry = order[item]
        return bytes[(entry == 0 ? 0 : ends[entry - 1])..<ends[entry]]
    }

    /// In ascending order of their names' bytes.
    func children(of level: Level) -> [Child] {
        var children: [Child] = []
        var next = level.items.lowerBound
        while next < level.items.upperBound {
            let first = path(next).dropFirst(level.prefix)
            let name = first.prefix { $0 != 0 }
            let end = self.end(of: name, in: next..<level.items.upperBound, level.prefix)
            let isItself = first.count == name.count
            let inside = Level(items: (isItself ? next + 1 : next)..<end, prefix: level.prefix + name.count + 1)
            children.append(Child(name: name, entry: isItself ? order[next] : nil, inside: inside))
            next = end
        }
        return children
    }

    /// Where the items end that have this name, or are in it.
    private func end(of name: ArraySlice<UInt8>, in items: Range<Int>, _ prefix: Int) -> Int {
        var (low, high) = (items.lowerBound, items.upperBound)
        while low < high {
            let middle = (low + high) / 2
            let other = path(middle).dropFirst(prefix)
            let isIn =
                other.starts(with: name) && (other.count == name.count || other[other.startIndex + name.count] == 0)
            if isIn { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Goes through what a folder holds and what the release has there, by name: what is in one only comes alone.
    static func pair(
        _ listing: FolderListing, _ children: [Child],
        _ body: (_ name: ArraySlice<UInt8>, _ found: FileAttributes?, _ child: Child?) throws(ReplacementError) -> Void
    ) throws(ReplacementError) {
        var (index, child) = (0, 0)
        while index < listing.count || child < children.count {
            let name = index < listing.count ? listing.name(index) : nil
            let other = child < children.count ? children[child].name : nil
            if let name, let other, name.elementsEqual(other) {
                try body(name, listing.attributes[index], children[child])
                (index, child) = (index + 1, child + 1)
            } else if let name, other.map({ name.lexicographicallyPrecedes($0) }) ?? true {
                try body(name, listing.attributes[index], nil)
                index += 1
            } else if let other {
                try body(other, nil, children[child])
                child += 1
            }
        }
    }
}
