// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Looks through a served folder for what has no business there.
struct FolderCheck {
    let folder: FilePath
    let fileSystem: any FileSystem

    func run(_ report: inout Report) throws {
        for path in try fileSystem.files(below: folder) {
            let file = path.split(separator: "/").reduce(folder) { $0.appending(String($1)) }
            if try isPrivateKey(file) {
                report.wrong(
                    path, "This is a private key, and everybody can fetch it: take it away and replace the key.")
            } else if !report.reached.contains(path), !path.hasSuffix(".root.json") {
                let isOld = path.hasPrefix("metadata/") || path.hasPrefix("targets/") || path.hasPrefix("packs/")
                report.note(
                    path, isOld ? "Nothing refers to it any more." : "It is no part of a repository, and is served.")
            }
        }
    }

    private func isPrivateKey(_ file: FilePath) throws -> Bool {
        guard let found = try fileSystem.attributes(of: file), found.kind == .file, found.size <= 65_536 else {
            return false
        }
        return String(decoding: try fileSystem.read(file, limit: 65_536), as: UTF8.self).contains("PRIVATE KEY-----")
    }
}
