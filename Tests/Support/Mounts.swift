// SPDX-License-Identifier: Apache-2.0
import Foundation
public import SystemPackage

/// Mounts something for as long as `body` runs. Needs root.
public func mounted<Value>(
    _ source: String, at place: FilePath, kind: String = "", flags: UInt = 0, options: String = "",
    _ body: () throws -> Value
) throws -> Value {
    guard mount(source, place.string, kind, flags, options) == 0 else { throw MountFailure(number: errno) }
    // Also when something in it is still open.
    defer { umount2(place.string, Int32(MNT_DETACH)) }
    return try body()
}

/// The same around a body that waits.
public func mounted<Value>(
    _ source: String, at place: FilePath, kind: String, options: String, _ body: () async throws -> Value
) async throws -> Value {
    guard mount(source, place.string, kind, 0, options) == 0 else { throw MountFailure(number: errno) }
    defer { umount2(place.string, Int32(MNT_DETACH)) }
    return try await body()
}

public struct MountFailure: Error {
    public var number: Int32
}

/// `chattr +i` for as long as `body` runs. Needs root and a file system that knows the mark.
public func immutable<Value>(_ path: FilePath, _ body: () throws -> Value) throws -> Value {
    let descriptor = open(path.string, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw MountFailure(number: errno) }
    defer { close(descriptor) }
    // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL
    let (get, set, mark): (UInt, UInt, Int32) = (0x8008_6601, 0x4008_6602, 0x10)
    var flags: Int = 0
    guard ioctl(descriptor, get, &flags) == 0 else { throw MountFailure(number: errno) }
    var marked = flags | Int(mark)
    guard ioctl(descriptor, set, &marked) == 0 else { throw MountFailure(number: errno) }
    defer { _ = ioctl(descriptor, set, &flags) }
    return try body()
}
