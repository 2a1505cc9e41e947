// SPDX-License-Identifier: Apache-2.0
internal import Packaging

/// The sections of a 64-bit x86 ELF file, as far as they have addresses or contain some.
enum ELFImage {
    /// Small numbers are everywhere; nothing useful is loaded there.
    private static let lowest: Int64 = 4096

    /// `nil` for anything else, and for files that are not as they should be.
    static func side(of file: UnsafeRawBufferPointer, at offset: Int64) -> DeltaImage.Side? {
        let reader = Reader(bytes: file)
        guard file.count >= 64, file.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), reader.short(18) == 62,
            let table = reader.long(40), let entrySize = reader.short(58), entrySize == 64,
            let count = reader.short(60), let namesIndex = reader.short(62),
            let names = reader.long(table &+ namesIndex &* 64 &+ 24)
        else { return nil }
        let isFixed = reader.short(16) == 2
        var ranges: [DeltaImage.Range] = []
        var low = Int64.max
        var high: Int64 = 0
        for index in 0..<count {
            let header = table &+ index &* 64
            guard let name = reader.int(header), let type = reader.int(header &+ 4),
                let flags = reader.long(header &+ 8),
                let address = reader.long(header &+ 16), let start = reader.long(header &+ 24),
                let size = reader.long(header &+ 32)
            else { return nil }
            // Thread-local data that has no content shares its addresses with what follows.
            guard type != 0, !(type == 8 && flags & 0x400 != 0), size > 0 else { continue }
            guard address >= 0, address < DeltaFormat.addresses / 2, size < DeltaFormat.imageSpan else { return nil }
            if flags & 2 != 0, address > 0 {
                low = min(low, address)
                high = max(high, address + size)
            }
            guard type != 8, start >= 0, start <= Int64(file.count), size <= Int64(file.count) - start,
                let kind = kind(type, flags, reader.name(names &+ name), isFixed)
            else { continue }
            ranges.append(
                .init(offset: offset + start, length: size, address: flags & 2 != 0 ? address : 0, kind: kind))
        }
        low = max(low, lowest)
        guard low < high, high - low <= DeltaFormat.imageSpan else { return nil }
        ranges.sort { ($0.offset, $0.length) < ($1.offset, $1.length) }
        var end: Int64 = 0
        ranges.removeAll { range in
            guard range.offset >= end else { return true }
            end = range.offset + range.length
            return false
        }
        return DeltaImage.Side(low: low, high: high, ranges: ranges)
    }

    private static func kind(_ type: Int64, _ flags: Int64, _ name: [UInt8], _ isFixed: Bool) -> DeltaImage.Kind? {
        // Symbols and relocations.
        if [2, 4, 11].contains(type) { return .words }
        guard flags & 2 != 0 else { return nil }
        if flags & 4 != 0 { return isFixed ? .fixedX86 : .x86 }
        if name.elementsEqual(".eh_frame_hdr".utf8) { return .based }
        if name.elementsEqual(".eh_frame".utf8) { return .relative }
        return .words
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer

        func short(_ offset: Int64) -> Int64? { load(offset, UInt16.self).map { Int64($0) } }
        func int(_ offset: Int64) -> Int64? { load(offset, UInt32.self).map { Int64($0) } }
        func long(_ offset: Int64) -> Int64? { load(offset, Int64.self) }

        func name(_ offset: Int64) -> [UInt8] {
            guard offset >= 0, offset < Int64(bytes.count) else { return [] }
            return Array(bytes[Int(offset)...].prefix(32).prefix { $0 != 0 })
        }

        private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int64, _: Number.Type) -> Number? {
            guard offset >= 0, offset <= Int64(bytes.count) - Int64(MemoryLayout<Number>.size) else { return nil }
            return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: Int(offset), as: Number.self))
        }
    }
}
