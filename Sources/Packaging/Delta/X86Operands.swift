// SPDX-License-Identifier: Apache-2.0

/// Finds, without disassembling, four bytes in x86-64 code that are likely to be an operand relative to the next
/// instruction. Being wrong costs bytes, never correctness.
enum X86Operands {
    /// Last bytes of opcodes that often have an operand in memory.
    private static let opcodes: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        let common: [UInt8] = [
            0x01, 0x03, 0x0B, 0x10, 0x11, 0x12, 0x16, 0x23, 0x28, 0x29, 0x2B, 0x2E, 0x2F, 0x33, 0x38, 0x39, 0x3A, 0x3B,
            0x51, 0x54, 0x57, 0x58, 0x59, 0x5C, 0x5E, 0x63, 0x6E, 0x6F, 0x7E, 0x7F, 0x80, 0x81, 0x83, 0x84, 0x85, 0x88,
            0x89, 0x8A, 0x8B, 0x8D, 0xB6, 0xB7, 0xBE, 0xBF, 0xC7, 0xD6, 0xF7, 0xFF,
        ]
        for opcode in common { table[Int(opcode)] = true }
        return table
    }()

    /// Which of eight bytes is the first that an operand may follow; 8 if none is. All are looked at together.
    @inline(__always)
    private static func candidate(in word: UInt64) -> Int {
        let word = word.littleEndian
        let ones: UInt64 = 0x0101_0101_0101_0101
        let calls = (word & (ones &* 0xFE)) ^ (ones &* 0xE8)
        let memory = (word & (ones &* 0xC7)) ^ (ones &* 0x05)
        // Zero bytes get their highest bit set; bytes above the lowest zero may get it too, which does not matter here.
        let found = ((calls &- ones) & ~calls | (memory &- ones) & ~memory) & (ones &* 0x80)
        return found.trailingZeroBitCount >> 3
    }

    /// Makes operands absolute, or relative again. That is a bijection on the numbers that it touches, and it looks only
    /// at bytes that it does not change, so either direction undoes the other.
    ///
    /// `code` lies at `position` bytes behind the image's lowest address; `span` is what the image takes in memory.
    static func rewrite(_ code: UnsafeMutableRawBufferPointer, at position: Int64, span: Int64, toAbsolute: Bool) {
        // Outside these bounds a changed operand might not fit into its four bytes.
        guard let bytes = code.baseAddress, span <= Int64(Int32.max), position >= 0,
            position <= span - Int64(code.count)
        else { return }
        opcodes.withUnsafeBufferPointer { opcodes in
            var index = 0
            // Bytes before this one have been rewritten and must not be looked at.
            var untouched = 0
            while index + 5 <= code.count {
                if index + 8 <= code.count {
                    let first = candidate(in: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    index += first
                    guard first < 8, index + 5 <= code.count else { continue }
                }
                let byte = bytes.load(fromByteOffset: index, as: UInt8.self)
                let isCall = byte & 0xFE == 0xE8
                let isMemory =
                    byte & 0xC7 == 0x05 && index > untouched
                    && opcodes[Int(bytes.load(fromByteOffset: index - 1, as: UInt8.self))]
                guard isCall || isMemory else {
                    index += 1
                    continue
                }
                let value = Int64(bytes.loadUnaligned(fromByteOffset: index + 1, as: Int32.self))
                let next = position &+ Int64(index) &+ 5
                // Changed or not, no other operand may overlap this one: on the way back it would be seen changed.
                index += 5
                guard value >= -next, value < span else { continue }
                let changed: Int64
                if toAbsolute {
                    changed = value < span &- next ? value &+ next : value &- span
                } else {
                    changed = value >= 0 ? value &- next : value &+ span
                }
                bytes.storeBytes(of: Int32(truncatingIfNeeded: changed), toByteOffset: index - 4, as: Int32.self)
                untouched = index
            }
        }
    }
}

/// Turns old bytes into a better prediction of new ones: where the copies show how the target of an address moved,
/// the address is changed accordingly.
struct AddressPrediction {
    let map: AddressMap
    /// Address of the old range's first byte.
    let rangeAddress: Int64
    /// How far that start moved.
    let rangeShift: Int64
    let kind: DeltaImage.Kind

    /// `bytes` come from `address` and go `shift` bytes further.
    func apply(to bytes: UnsafeMutableRawBufferPointer, at address: Int64, shift: Int64) {
        guard !map.isEmpty, let base = bytes.baseAddress else { return }
        switch kind {
        case .plain: break
        case .x86, .fixedX86: code(base, bytes.count, address, shift)
        case .words: words(base, bytes.count, address)
        case .relative: relative(base, bytes.count, address, shift)
        case .based: based(base, bytes.count, address)
        }
    }

    private func code(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ address: Int64, _ shift: Int64) {
        var index = 0
        while index + 6 <= count {
            let byte = bytes.load(fromByteOffset: index, as: UInt8.self)
            var operand = 0
            if byte & 0xFE == 0xE8 || byte & 0xC7 == 0x05 {
                operand = 1
            } else if byte == 0x0F, bytes.load(fromByteOffset: index + 1, as: UInt8.self) & 0xF0 == 0x80 {
                operand = 2
            } else if kind == .fixedX86, byte & 0xF8 == 0xB8 {
                let value = Int64(bytes.loadUnaligned(fromByteOffset: index + 1, as: UInt32.self))
                if contains(value) {
                    store(value &+ map.shift(value), bytes, index + 1)
                    index += 5
                } else {
                    index += 1
                }
                continue
            }
            guard operand > 0 else {
                index += 1
                continue
            }
            let value = Int64(bytes.loadUnaligned(fromByteOffset: index + operand, as: Int32.self))
            let target = address &+ Int64(index + operand + 4) &+ value
            guard contains(target) else {
                index += 1
                continue
            }
            store(value &+ map.shift(target) &- shift, bytes, index + operand)
            index += operand + 4
        }
    }

    private func words(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ address: Int64) {
        var index = Int(-address & 7)
        while index + 8 <= count {
            let value = bytes.loadUnaligned(fromByteOffset: index, as: Int64.self)
            if contains(value) {
                bytes.storeBytes(of: value &+ map.shift(value), toByteOffset: index, as: Int64.self)
            }
            index += 8
        }
    }

    private func relative(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ address: Int64, _ shift: Int64) {
        var index = Int(-address & 3)
        while index + 4 <= count {
            let value = Int64(bytes.loadUnaligned(fromByteOffset: index, as: Int32.self))
            let target = address &+ Int64(index) &+ value
            // Small numbers are lengths and the like.
            if value.magnitude > 4096, contains(target) { store(value &+ map.shift(target) &- shift, bytes, index) }
            index += 4
        }
    }

    private func based(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ address: Int64) {
        var index = Int(-address & 3)
        while index + 4 <= count {
            let value = Int64(bytes.loadUnaligned(fromByteOffset: index, as: Int32.self))
            let target = rangeAddress &+ value
            if contains(target) { store(value &+ map.shift(target) &- rangeShift, bytes, index) }
            index += 4
        }
    }

    @inline(__always)
    private func contains(_ address: Int64) -> Bool { address >= map.low && address < map.high }

    @inline(__always)
    private func store(_ value: Int64, _ bytes: UnsafeMutableRawPointer, _ offset: Int) {
        bytes.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: offset, as: Int32.self)
    }
}
