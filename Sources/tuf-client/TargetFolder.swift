// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage
internal import TUF

/// The folder that targets are downloaded to: one file each, named by the target's path, percent-encoded, so that no
/// path leads out of it.
struct TargetFolder {
    let path: FilePath
    let fileSystem: any FileSystem

    /// What is here and right is neither fetched nor touched.
    func bring(_ name: String, from updater: Updater) async throws(TUFError) {
        guard let target = try await updater.target(name) else {
            throw TUFError(.notFound, "nobody who may speak for the target \(name) lists it")
        }
        let file = try file(of: target)
        if try isHere(target, in: file) { return }
        let bytes = try await updater.download(target)
        do throws(FileError) {
            try fileSystem.makeDirectories(path)
            try fileSystem.replace(file, with: bytes, permissions: 0o644)
        } catch {
            throw TUFError(.store(error), "the target \(name) cannot be written: \(error)")
        }
    }

    private func file(of target: TargetFile) throws(TUFError) -> FilePath {
        let name = percentEncoded(target.path)
        guard !name.isEmpty, name != ".", name != ".." else {
            throw TUFError(.malformed, "the target \"\(target.path)\" has a path that cannot name a file")
        }
        return path.appending(name)
    }

    private func isHere(_ target: TargetFile, in file: FilePath) throws(TUFError) -> Bool {
        do throws(FileError) {
            guard let found = try fileSystem.attributes(of: file), found.kind == .file, found.size == target.length
            else { return false }
            let bytes = try fileSystem.read(file, limit: Int(target.length))
            do throws(TUFError) {
                try target.check(bytes)
                return true
            } catch {
                return false
            }
        } catch {
            throw TUFError(.store(error), "\(file) cannot be read: \(error)")
        }
    }
}
