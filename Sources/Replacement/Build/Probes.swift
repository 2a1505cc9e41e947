// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Files and folders that are made to try what a file system allows, and removed at once. Their names end with their
/// installation's own, since several may lie in one folder: nobody removes what another is just trying.
struct Probes {
    private static let prefix = Array(".ricambio-probe-".utf8)

    private let ending: [UInt8]

    init(_ place: Place) {
        ending = [UInt8(ascii: "-")] + (place.state.lastComponent?.bytes ?? [])
    }

    func newName() -> FilePath.Component {
        let random = String(UInt64.random(in: 0 ... .max), radix: 36)
        return FilePath.Component(bytes: Self.prefix + Array(random.utf8) + ending) ?? "probe"
    }

    func isOne(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.starts(with: Self.prefix) else { return false }
        return name.dropFirst(Self.prefix.count).drop { $0 != UInt8(ascii: "-") }.elementsEqual(ending)
    }

    /// Removes what a crash left of them; answers what could not be. Only files, empty folders and probes within probes go:
    /// should a live folder ever stand under a probe's name, it stays as it is.
    func remove(in folder: any Folder) -> [Undeletable] {
        do throws(FileError) {
            let listing = try folder.list()
            return listing.indices.filter { isOne(listing.name($0)) }.compactMap { index in
                let name = listing.component(index)
                do throws(FileError) {
                    if listing.attributes[index].kind == .directory {
                        let inside = try folder.folder(name)
                        let inner = try inside.list()
                        for index in inner.indices where isOne(inner.name(index)) {
                            try inside.remove(inner.component(index))
                        }
                    }
                    try folder.remove(name)
                    return nil
                } catch {
                    return Undeletable(path: folder.path.appending(name), error: error)
                }
            }
        } catch {
            return [Undeletable(path: folder.path, error: error)]
        }
    }
}
