// SPDX-License-Identifier: Apache-2.0
internal import CZstd

/// Decompresses single zstd frames that lean on a prefix; holds zstd's working memory.
final class DeltaDecompressor {
    private let context: OpaquePointer

    init() throws(PackagingError) {
        guard let context = ZSTD_createDCtx() else {
            throw PackagingError(.unsupported, "There is not enough memory to decompress.")
        }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Exactly one frame with exactly as many bytes of content as `output` has.
    func decompress(
        _ frame: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(PackagingError) {
        let wrong = DeltaFormat.tampered("A part of the delta does not decompress to what it should.")
        let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
        guard ZSTD_isError(length) == 0, length == frame.count,
            ZSTD_isSkippableFrame(frame.baseAddress, frame.count) == 0
        else { throw wrong }
        let referred = ZSTD_DCtx_refPrefix(context, prefix.count > 0 ? prefix.baseAddress : nil, prefix.count)
        guard ZSTD_isError(referred) == 0 else { throw wrong }
        let result = ZSTD_decompressDCtx(context, output.baseAddress, output.count, frame.baseAddress, frame.count)
        guard ZSTD_isError(result) == 0, result == output.count else { throw wrong }
    }
}
