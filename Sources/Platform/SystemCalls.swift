// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import SystemPackage

/// Makes the call again for as long as a signal interrupts it. Answers the result, or the `errno` value.
func uninterrupted<Value: FixedWidthInteger & SignedInteger>(_ call: () -> Value) -> SystemResult<Value> {
    while true {
        let value = call()
        guard value == -1 else { return .success(value) }
        let number = errno
        if number != EINTR { return .failure(number) }
    }
}

enum SystemResult<Value> {
    case success(Value)
    case failure(Int32)

    /// The value, or a ``FileError`` of what was tried.
    func get(_ operation: String, _ path: FilePath) throws(FileError) -> Value {
        switch self {
        case .success(let value): return value
        case .failure(let number): throw FileError(errno: number, operation: operation, path: path)
        }
    }
}

/// A descriptor that is closed when released at the latest. Always close-on-exec.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    // Linux releases the descriptor even when close is interrupted: repeating it could close somebody else's.
    deinit { _ = Glibc.close(number) }
}

func openDescriptor(
    _ path: FilePath, _ flags: Int32, _ mode: mode_t = 0, operation: String = "open"
) throws(FileError) -> Descriptor {
    let result = path.withPlatformString { name in
        uninterrupted { Glibc.open(name, flags | O_CLOEXEC, mode) }
    }
    return Descriptor(try result.get(operation, path))
}

/// Writes all of it, however many calls that takes.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> SystemResult<Int> {
    var done = 0
    while done < bytes.count {
        let result = uninterrupted {
            Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
        }
        guard case .success(let count) = result else { return result }
        done += count
    }
    return .success(done)
}

/// Reads on from the descriptor's offset into an array of at most `limit` bytes; less only at the end.
func readAll(_ descriptor: Int32, limit: Int, expecting: Int) -> SystemResult<[UInt8]> {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(limit, expecting))
    var buffer = [UInt8](repeating: 0, count: min(limit, max(4096, min(expecting + 1, 1 << 20))))
    while bytes.count < limit {
        let wanted = min(buffer.count, limit - bytes.count)
        switch uninterrupted({ Glibc.read(descriptor, &buffer, wanted) }) {
        case .failure(let number): return .failure(number)
        case .success(0): return .success(bytes)
        case .success(let count): bytes.append(contentsOf: buffer[..<count])
        }
    }
    return .success(bytes)
}

extension SystemResult: Sendable where Value: Sendable {}
extension SystemResult: Equatable where Value: Equatable {}
