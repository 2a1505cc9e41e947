// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import NIOCore
import NIOPosix
import Platform
import Synchronization

/// Sends a part of a file as a response's body, in pieces that the connection takes at its own pace.
struct FileSender: Sendable {
    /// Large enough that the changes of thread cost little, small enough that a piece is still in the processor's cache
    /// when it is encrypted.
    static let pieceBytes = 256 << 10

    let file: any OpenFile
    /// `nil` when all of it is there.
    let growing: GrowingFile?
    /// Held until the last byte has been sent.
    let lease: CacheLease
    /// Of the connection.
    let eventLoop: any EventLoop

    func body(_ range: Range<Int64>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            defer { try? file.close() }
            let piece = Piece(capacity: min(Self.pieceBytes, range.count))
            var (offset, end) = (range.lowerBound, growing == nil ? range.upperBound : range.lowerBound)
            while offset < range.upperBound {
                if offset >= end, let growing {
                    end = min(range.upperBound, try await growing.end(beyond: offset))
                }
                let (start, count) = (offset, Int(min(Int64(Self.pieceBytes), end - offset)))
                let buffer = try await NIOThreadPool.singleton.runIfActive {
                    try piece.read(file, at: start, count: count)
                }
                // Shorter than promised: breaking the connection is the only honest end.
                guard buffer.readableBytes > 0 else { throw FileError(.notFound, operation: "read", path: "") }
                offset += Int64(buffer.readableBytes)
                try await writer.write(buffer)
                // The writer holds back only what comes after a full connection has been noticed: without this, a fast
                // disk piles up pieces that nothing has begun to encrypt.
                try await eventLoop.submit {}.get()
            }
            try await writer.finish(nil)
            withExtendedLifetime(lease) {}
        }
    }
}

/// A buffer that is read into again as soon as the connection has let go of it.
private final class Piece: Sendable {
    private let buffer: Mutex<ByteBuffer>

    init(capacity: Int) { buffer = Mutex(ByteBufferAllocator().buffer(capacity: capacity)) }

    func read(_ file: any OpenFile, at offset: Int64, count: Int) throws -> ByteBuffer {
        try buffer.withLock { buffer in
            buffer.clear(minimumCapacity: count)
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { memory in
                try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
            }
            return buffer
        }
    }
}
