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
        _ frame: ArraySlice<UInt8>, prefix: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(PackagingError) {
        let status = frame.withUnsafeBytes { input -> Int? in
            let length = ZSTD_findFrameCompressedSize(input.baseAddress, input.count)
            guard ZSTD_isError(length) == 0, length == input.count,
                ZSTD_isSkippableFrame(input.baseAddress, input.count) == 0
            else { return nil }
            let referred = ZSTD_DCtx_refPrefix(context, prefix.count > 0 ? prefix.baseAddress : nil, prefix.count)
            guard ZSTD_isError(referred) == 0 else { return nil }
            let result = ZSTD_decompressDCtx(context, output.baseAddress, output.count, input.baseAddress, input.count)
            return ZSTD_isError(result) == 0 ? result : nil
        }
        guard status == output.count else {
            throw DeltaFormat.tampered("A part of the delta does not decompress to what it should.")
        }
    }
}
