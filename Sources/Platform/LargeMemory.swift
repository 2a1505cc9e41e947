// SPDX-License-Identifier: Apache-2.0
internal import CPlatform

/// Memory for large buffers, on large pages where the system has them: they cost a fraction of the faults of small ones.
/// The system has it back as soon as its owner is gone; from the heap it would stay this process's.
///
/// Pages that are never touched take no memory. It is zero at first.
///
/// @unchecked: the owner says who may use which part when.
public final class LargeMemory: @unchecked Sendable {
    public let bytes: UnsafeMutableRawBufferPointer
    private let mapping: UnsafeMutableRawPointer

    /// `count` is above 0.
    public init(count: Int) {
        var start: UnsafeMutableRawPointer?
        guard let mapping = cplatform_map_large(count, &start), let start else {
            preconditionFailure("no memory for a buffer of \(count) bytes")
        }
        self.mapping = mapping
        bytes = UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    deinit { cplatform_unmap_large(mapping, bytes.count) }
}

/// The memory of a process that runs for months. Does nothing where the C library is not glibc.
public enum ProcessMemory {
    /// Lets the heap keep little of what an update or a mirrored file needs for a moment: with an arena for each thread, and
    /// large pieces in them, most of it would stay this process's. To be called first: a thread that has an arena keeps it.
    public static func keepSmall() { cplatform_keep_heap_small() }

    /// Gives the system all that the heap has free. Blocks for some milliseconds.
    public static func giveBack() { cplatform_give_heap_back() }
}
