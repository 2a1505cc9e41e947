// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// Chooses the files by which a release's folder will be known from another's when its inode tells nothing.
public enum Witnesses {
    /// Files of `entries` that the `other` release does not have with that content at that path, smallest first; the
    /// smallest one alone when all are larger than ``Witness/maximumSize``. Empty when there is no difference.
    /// Without another release, files from all over this one.
    ///
    /// - Parameter isUsable: whether the file is neither kept nor changed by the customer.
    public static func choose(
        for entries: [ReleaseEntry], against other: [ReleaseEntry]?, isUsable: (FilePath) -> Bool
    ) -> [Witness] {
        let known = other.map { Set($0.compactMap(witness)) }
        let different = entries.compactMap { entry -> Witness? in
            guard let witness = witness(entry), known?.contains(witness) != true, isUsable(entry.path) else {
                return nil
            }
            return witness
        }
        let small = different.filter { $0.size <= Witness.maximumSize }
        guard !small.isEmpty else { return different.min(by: isSmaller).map { [$0] } ?? [] }
        if other != nil { return Array(small.sorted(by: isSmaller).prefix(Witness.maximum)) }
        return spread(small.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) })
    }

    /// An empty file says nothing. The paths of a release are UTF-8.
    private static func witness(_ entry: ReleaseEntry) -> Witness? {
        guard case .file(let size, let sha256, _) = entry.kind, size > 0,
            let path = String(validating: entry.path)
        else { return nil }
        return Witness(path: path, size: size, sha256: sha256)
    }

    private static func isSmaller(_ a: Witness, _ b: Witness) -> Bool {
        a.size != b.size ? a.size < b.size : a.path.utf8.lexicographicallyPrecedes(b.path.utf8)
    }

    private static func spread(_ witnesses: [Witness]) -> [Witness] {
        let count = min(witnesses.count, Witness.maximum)
        return (0..<count).map { witnesses[$0 * witnesses.count / count] }
    }
}
