// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// What entries of a release get from what was there before. The vendor says what is in a file and whether it can be
/// executed; whose it is and who may use it is the customer's.
extension FileMetadata {
    static let labelName = "security.selinux"

    private func kept(_ names: [String]) -> [String: [UInt8]] { attributes.filter { names.contains($0.key) } }

    /// For a release's file that takes the place of this one. Capabilities are not taken along: they were given to other
    /// content.
    func replaced(permissions: UInt16) -> FileMetadata {
        var new = FileMetadata(
            kind: .file, owner: owner, group: group, permissions: 0, attributes: kept([Self.labelName]))
        if let list = attributes[Self.accessListName].flatMap({ AccessControlList($0) })?.replaced(
            permissions: permissions)
        {
            new.attributes[Self.accessListName] = list.bytes
            new.permissions = list.permissions
        } else {
            new.permissions =
                permissions & 0o700
                | Self.narrowed(permissions >> 3 & 7, to: self.permissions >> 3 & 7) << 3
                | Self.narrowed(permissions & 7, to: self.permissions & 7)
        }
        return new
    }

    /// For a release's folder that takes the place of this one.
    func replacedFolder() -> FileMetadata {
        FileMetadata(
            kind: .directory, owner: owner, group: group, permissions: permissions & 0o3777,
            attributes: kept([Self.labelName, Self.accessListName, Self.defaultAccessListName]))
    }

    /// For something new of the release that comes into this folder: as the system makes it there.
    func inheriting(_ kind: FileKind, permissions: UInt16) -> FileMetadata {
        var new = FileMetadata(
            kind: kind, owner: owner, group: group, permissions: permissions & 0o777,
            attributes: kept([Self.labelName]))
        if kind == .directory { new.permissions |= self.permissions & 0o2000 }
        guard kind != .symlink, let bytes = attributes[Self.defaultAccessListName],
            let list = AccessControlList(bytes)?.inherited(permissions: permissions)
        else { return new }
        new.attributes[Self.accessListName] = list.bytes
        new.permissions = new.permissions & 0o7000 | list.permissions
        if kind == .directory { new.attributes[Self.defaultAccessListName] = bytes }
        return new
    }
}
