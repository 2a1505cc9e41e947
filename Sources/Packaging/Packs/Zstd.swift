// SPDX-License-Identifier: Apache-2.0
internal import CZstd

/// Single zstd frames, from memory to memory.
enum Zstd {
    static var levels: ClosedRange<Int> { 1...Int(ZSTD_maxCLevel()) }

    /// `isLong`: with matches from anywhere in the frame, as for slow levels and frames above zstd's own window.
    static func compress(_ bytes: [UInt8], level: Int, isLong: Bool = false) throws(PackagingError) -> [UInt8] {
        guard let context = ZSTD_createCCtx() else {
            throw PackagingError(.unsupported, "There is not enough memory to compress.")
        }
        defer { ZSTD_freeCCtx(context) }
        // No checksum of its own: SHA-256 covers the pack and every file.
        var parameters = [(ZSTD_c_compressionLevel, Int32(level)), (ZSTD_c_contentSizeFlag, Int32(1))]
        if isLong || level >= 18, bytes.count > 1 << 20 {
            // zstd's own choice of a window is half of a frame of 16 MiB, and its trees do not reach further than that.
            let window = Int32(Int.bitWidth - (bytes.count - 1).leadingZeroBitCount)
            parameters.append((ZSTD_c_windowLog, min(window, 26)))
            if isLong || window > 24 { parameters.append((ZSTD_c_enableLongDistanceMatching, 1)) }
        }
        for (parameter, value) in parameters {
            let status = ZSTD_CCtx_setParameter(context, parameter, value)
            guard ZSTD_isError(status) == 0 else {
                throw PackagingError(.unsupported, "Compression level \(level) is not one of zstd's.")
            }
        }
        var status = 0
        let compressed = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
            status = ZSTD_compress2(context, output.baseAddress, output.count, bytes, bytes.count)
            count = ZSTD_isError(status) == 0 ? status : 0
        }
        guard ZSTD_isError(status) == 0 else {
            throw PackagingError(.unsupported, "Compression failed: \(String(cString: ZSTD_getErrorName(status))).")
        }
        return compressed
    }

    /// One frame that says how long its content is; that, and therefore the memory used, is at most `limit` bytes.
    static func decompress(_ bytes: [UInt8], limit: Int) throws(PackagingError) -> [UInt8] {
        let size = ZSTD_getFrameContentSize(bytes, bytes.count)
        // The two highest values are zstd's "unknown" and "error".
        guard size < UInt64.max - 1 else {
            throw PackagingError(.tampered, "This is not a zstd frame that says its length.")
        }
        guard size <= UInt64(limit) else {
            throw PackagingError(.tampered, "The content would have \(size) bytes, \(limit) are allowed.")
        }
        return try decompress(bytes, expecting: Int(size))
    }

    /// Exactly one frame with exactly `length` bytes of content.
    static func decompress(_ bytes: [UInt8], expecting length: Int) throws(PackagingError) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: length)
        try decompress(bytes, into: &content)
        return content
    }

    /// Exactly one frame with exactly as many bytes of content as there are in `content`.
    static func decompress(_ bytes: [UInt8], into content: inout [UInt8]) throws(PackagingError) {
        let frame = ZSTD_findFrameCompressedSize(bytes, bytes.count)
        guard ZSTD_isError(frame) == 0, frame == bytes.count else {
            throw PackagingError(.tampered, "A zstd frame is cut off or is followed by something else.")
        }
        // Never a null pointer.
        if content.isEmpty { content.reserveCapacity(1) }
        let length = content.count
        let status = content.withUnsafeMutableBytes {
            ZSTD_decompress($0.baseAddress, length, bytes, bytes.count)
        }
        guard ZSTD_isError(status) == 0 else {
            throw PackagingError(
                .tampered, "A zstd frame cannot be decompressed: \(String(cString: ZSTD_getErrorName(status))).")
        }
        guard status == length else {
            throw PackagingError(.tampered, "A zstd frame has \(status) bytes of content, not \(length).")
        }
    }
}
