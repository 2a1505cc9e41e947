// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import SystemPackage

extension Descriptor {
    /// A name for what it is open on: for calls that take names only. Also of O_PATH descriptors.
    var name: String { "/proc/self/fd/\(number)" }
}

extension FileMetadata {
    init(of open: Descriptor, at path: FilePath) throws(FileError) {
        var found = cplatform_file()
        _ = try uninterrupted { cplatform_stat(open.number, "", &found) }.get("look at", path)
        let attributes = FileAttributes(found)
        self.init(
            kind: attributes.kind, owner: attributes.owner, group: attributes.group,
            permissions: attributes.permissions, accessed: found.accessed, modified: attributes.modified)
        // Symlinks have none that a program could have set.
        guard kind == .file || kind == .directory else { return }
        for name in try Self.attributeNames(of: open, at: path) where !Self.boundToInode.contains(name) {
            self.attributes[name] = try Self.attribute(name, of: open, at: path)
        }
    }

    private static func attributeNames(of open: Descriptor, at path: FilePath) throws(FileError) -> [String] {
        var names = [CChar](repeating: 0, count: 1024)
        while true {
            switch uninterrupted({ cplatform_list_attributes(open.name, &names, names.count) }) {
            case .success(let length):
                return names[..<length].split(separator: 0).map {
                    String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                }
            case .failure(ERANGE) where names.count < 1 << 16:
                names = [CChar](repeating: 0, count: names.count * 4)
            case .failure(ENOTSUP), .failure(ENOSYS): return []
            case .failure(let number):
                throw FileError(errno: number, operation: "list the attributes of", path: path)
            }
        }
    }

    /// `nil` when it is gone, or not for this account to see.
    private static func attribute(_ name: String, of open: Descriptor, at path: FilePath) throws(FileError) -> [UInt8]?
    {
        var value = [UInt8](repeating: 0, count: 256)
        while true {
            switch uninterrupted({ cplatform_get_attribute(open.name, name, &value, value.count) }) {
            case .success(let length): return Array(value[..<length])
            case .failure(ERANGE) where value.count < 1 << 16:
                value = [UInt8](repeating: 0, count: value.count * 4)
            case .failure(ENODATA), .failure(ENOTSUP), .failure(EPERM), .failure(EACCES): return nil
            case .failure(let number):
                throw FileError(errno: number, operation: "read the attribute \(name) of", path: path)
            }
        }
    }

    /// Owner first, since changing it takes set-user-id and capabilities away; the mode after the access list, whose mask it
    /// is; the times last.
    func set(on open: Descriptor, at path: FilePath) throws(FileError) -> Set<Part> {
        var lost = try setOwner(on: open, at: path)
        guard kind != .symlink else {
            setTimes(on: open)
            return lost
        }
        let access = accessList(without: lost)
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            let value = name == Self.accessListName ? access ?? value : value
            switch uninterrupted({ cplatform_set_attribute(open.name, name, value, value.count) }) {
            case .success: break
            case .failure(EPERM), .failure(EACCES), .failure(ENOTSUP), .failure(EINVAL):
                lost.insert(name == Self.accessListName ? .accessList : .attribute(name))
            case .failure(let number):
                throw FileError(errno: number, operation: "set the attribute \(name) of", path: path)
            }
        }
        try removeForeignLists(on: open, at: path)
        let permissions = permissions(without: lost)
        _ = try uninterrupted { chmod(open.name, mode_t(permissions)) }.get("set the permissions of", path)
        setTimes(on: open)
        return lost
    }

    /// What is made in a folder with a default access list has one from there, which would let people in that the
    /// mode keeps out.
    private func removeForeignLists(on open: Descriptor, at path: FilePath) throws(FileError) {
        let lists = [Self.accessListName, Self.defaultAccessListName].filter { attributes[$0] == nil }
        guard !lists.isEmpty else { return }
        let found = try Self.attributeNames(of: open, at: path)
        for name in lists where found.contains(name) {
            let result = uninterrupted { cplatform_remove_attribute(open.name, name) }
            if case .failure(ENODATA) = result { continue }
            _ = try result.get("remove the access list of", path)
        }
    }

    private func setOwner(on open: Descriptor, at path: FilePath) throws(FileError) -> Set<Part> {
        var found = cplatform_file()
        _ = try uninterrupted { cplatform_stat(open.number, "", &found) }.get("look at", path)
        if found.owner == owner, found.group == group { return [] }
        if cplatform_change_owner(open.number, owner, group) == 0 { return [] }
        var lost: Set<Part> = []
        if found.owner != owner { lost.insert(.owner) }
        // Who is in the group may give their own file to it.
        if found.group != group, cplatform_change_owner(open.number, .max, group) != 0 { lost.insert(.group) }
        return lost
    }

    /// A hint to people and backups: what cannot be set is no reason to fail.
    private func setTimes(on open: Descriptor) {
        guard let modified else { return }
        let times = [accessed, modified].map { nanoseconds in
            let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            return rest < 0
                ? timespec(tv_sec: Int(seconds) - 1, tv_nsec: Int(rest) + 1_000_000_000)
                : timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        }
        _ = uninterrupted { utimensat(AT_FDCWD, open.name, times, 0) }
    }
}
