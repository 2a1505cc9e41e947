// SPDX-License-Identifier: Apache-2.0
internal import CPlatform

/// Memory for large buffers, on large pages where the system has them: they cost a fraction of the faults of small ones.
///
/// Pages that are never touched take no memory. What is in it at first is undefined.
///
/// @unchecked: the owner says who may use which part when.
public final class LargeMemory: @unchecked Sendable {
    public let bytes: UnsafeMutableRawBufferPointer

    /// `count` is above 0.
    public init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: Int(cplatform_large_page))
        cplatform_prefer_large_pages(bytes.baseAddress, bytes.count)
    }

    deinit { bytes.deallocate() }
}
