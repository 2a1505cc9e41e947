// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Where a state folder belongs. It is recorded in it, so that one that was copied or cloned with its application
/// touches nothing of the original's.
public struct Whereabouts: Codable, Sendable, Hashable {
    /// The live folder's path, as people can read it.
    public var path: String
    /// From the machine's id, which is nobody else's business; `nil` where there is none.
    public var machine: String?

    public init(path: String, machine: String?) {
        self.path = path
        self.machine = machine
    }

    /// - Parameter machineID: what machine-id(5) describes; in an image that has not been started yet it is empty.
    public static func current(
        live: FilePath, fileSystem: any FileSystem, machineID: FilePath = "/etc/machine-id"
    ) -> Whereabouts {
        let bytes = (try? fileSystem.read(machineID, limit: 4096)) ?? []
        let id = bytes.filter {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
        }
        let machine = id.count == 32 ? String(sha256Hex(id).prefix(16)) : nil
        return Whereabouts(path: live.lexicallyNormalized().readable, machine: machine)
    }

    /// Whether `other` says the same place on the same machine; a machine that is not known may be any.
    public func isHere(_ other: Whereabouts) -> Bool {
        guard path == other.path else { return false }
        guard let machine, let theirs = other.machine else { return true }
        return machine == theirs
    }
}
