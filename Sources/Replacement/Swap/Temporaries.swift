// SPDX-License-Identifier: Apache-2.0
internal import Platform
public import SystemPackage

/// What a probe may hold and be removed: more is no probe, whatever its name says.
private let maximumProbeEntries = 8
private let maximumProbeBytes: Int64 = 4096

extension Trash {
    /// Removes what killed writers and killed trials left in one of the product's own folders: the temporary files of
    /// `FileSystem.replace` and what begins with `.ricambio-probe`. Nothing else may be writing there, since a living
    /// writer's file looks the same. What could not be removed is answered.
    public func sweepTemporaries(in folder: FilePath) -> [Undeletable] {
        sweep(folder) { name, found in isProbe(name) || (found.kind == .file && isTemporary(name)) }
    }

    /// The same in the folder that holds the application, which is the customer's: only what is surely ours.
    public func sweepProbes() -> [Undeletable] { sweep(place.parent) { name, _ in isProbe(name) } }

    private func sweep(
        _ path: FilePath, _ isLeft: (ArraySlice<UInt8>, FileAttributes) -> Bool
    ) -> [Undeletable] {
        do throws(FileError) {
            let folder = try fileSystem.folder(try fileSystem.followingLinks(path))
            let listing = try folder.list()
            var failures: [Undeletable] = []
            for index in listing.indices where isLeft(listing.name(index), listing.attributes[index]) {
                do throws(FileError) {
                    try remove(listing.component(index), listing.attributes[index], in: folder)
                } catch {
                    failures.append(Undeletable(path: path.appending(listing.component(index)), error: error))
                }
            }
            return failures
        } catch  where error.code == .notFound {
            return []
        } catch {
            return [Undeletable(path: path, error: error)]
        }
    }

    private func remove(
        _ name: FilePath.Component, _ found: FileAttributes, in parent: any Folder
    ) throws(FileError) {
        guard found.kind == .directory else { return try parent.remove(name) }
        let folder = try parent.folder(name)
        let listing = try folder.list()
        // A trial exchanges and renames: if the wrong thing ever had a probe's name, it is not ours to delete.
        let isProbe =
            listing.count <= maximumProbeEntries && listing.attributes.allSatisfy { $0.size <= maximumProbeBytes }
        guard isProbe else { throw FileError(.notEmpty, operation: "remove", path: folder.path) }
        for index in listing.indices { try folder.remove(listing.component(index)) }
        try parent.remove(name)
    }
}

private func isProbe(_ name: ArraySlice<UInt8>) -> Bool { name.starts(with: ".ricambio-probe".utf8) }

/// `.NAME.RANDOM.tmp`, where RANDOM is a number of 64 bits to the base of 36.
private func isTemporary(_ name: ArraySlice<UInt8>) -> Bool {
    let dot = UInt8(ascii: ".")
    guard name.first == dot, name.suffix(4).elementsEqual(".tmp".utf8) else { return false }
    let rest = name.dropFirst().dropLast(4)
    guard let end = rest.lastIndex(of: dot), end > rest.startIndex else { return false }
    let random = String(decoding: rest[(end + 1)...], as: UTF8.self)
    return UInt64(random, radix: 36) != nil && random == random.lowercased()
}
