// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Packaging
internal import Platform
internal import SystemPackage

/// The delta's file while it is written.
final class DeltaSink {
    private let file: any OpenFile
    private var hash = SHA256()
    private var length: Int64 = 0

    init(_ path: FilePath, fileSystem: any FileSystem) throws(PackagingError) {
        do {
            file = try fileSystem.openForWriting(path, permissions: 0o644, resume: false)
        } catch {
            throw PackagingError(error)
        }
        try write(DeltaFormat.magic)
    }

    func append(_ group: DeltaGroup, _ frames: [[UInt8]]) throws(PackagingError) {
        let control = group.encoded()
        guard control.count <= DeltaFormat.controlBytes else {
            throw PackagingError(.unsupported, "The delta would need more control than its format allows.")
        }
        let frame = try DeltaCompressor().compress(control, prefix: [], level: 19)
        let sizes = [control.count, frame.count].flatMap { size in (0..<4).map { UInt8(size >> (8 * $0) & 0xFF) } }
        try write(sizes)
        try write(frame)
        for frame in frames { try write(frame) }
    }

    func finish(segments: Int, reads: [String], indexParts: Int) throws(PackagingError) -> WrittenDelta {
        do {
            try file.sync()
            try file.close()
        } catch {
            throw PackagingError(error)
        }
        let digits = Array("0123456789abcdef")
        let sha256 = String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        return WrittenDelta(length: length, sha256: sha256, segments: segments, reads: reads, indexParts: indexParts)
    }

    private func write(_ bytes: [UInt8]) throws(PackagingError) {
        do {
            try file.write(bytes[...])
        } catch {
            throw PackagingError(error)
        }
        hash.update(data: bytes)
        length += Int64(bytes.count)
    }
}
