// SPDX-License-Identifier: Apache-2.0
internal import Platform
public import SystemPackage

extension Trash {
    /// Removes what killed writers and killed trials left in one of the product's own folders: the temporary files of
    /// `FileSystem.replace`, and ``Probes``. Nothing else may be writing there, since a living writer's file looks the same.
    /// What could not be removed is answered.
    public func sweepTemporaries(in folder: FilePath) -> [Undeletable] {
        sweep(folder) { folder in removeTemporaries(in: folder) + Probes(place).remove(in: folder) }
    }

    /// The same in the folder that holds the application, which is the customer's: only what is surely ours.
    public func sweepProbes() -> [Undeletable] { sweep(place.parent) { Probes(place).remove(in: $0) } }

    private func sweep(_ path: FilePath, _ remove: (any Folder) -> [Undeletable]) -> [Undeletable] {
        do throws(FileError) {
            return remove(try fileSystem.folder(following: path))
        } catch  where error.code == .notFound {
            return []
        } catch {
            return [Undeletable(path: path, error: error)]
        }
    }

    private func removeTemporaries(in folder: any Folder) -> [Undeletable] {
        do throws(FileError) {
            let listing = try folder.list()
            let temporaries = listing.indices.filter {
                listing.attributes[$0].kind == .file && isTemporary(listing.name($0))
            }
            return temporaries.compactMap { index in
                do throws(FileError) {
                    try folder.remove(listing.component(index))
                    return nil
                } catch {
                    return Undeletable(path: folder.path.appending(listing.component(index)), error: error)
                }
            }
        } catch {
            return [Undeletable(path: folder.path, error: error)]
        }
    }
}

/// `.NAME.RANDOM.tmp`, where RANDOM is a number of 64 bits to the base of 36.
private func isTemporary(_ name: ArraySlice<UInt8>) -> Bool {
    let dot = UInt8(ascii: ".")
    guard name.first == dot, name.suffix(4).elementsEqual(".tmp".utf8) else { return false }
    let rest = name.dropFirst().dropLast(4)
    guard let end = rest.lastIndex(of: dot), end > rest.startIndex else { return false }
    let random = String(decoding: rest[(end + 1)...], as: UTF8.self)
    return UInt64(random, radix: 36) != nil && random == random.lowercased()
}
