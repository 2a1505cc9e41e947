// SPDX-License-Identifier: Apache-2.0
internal import Packaging
internal import Platform
internal import Replacement
internal import SystemPackage

/// Whether a program of the application will be there, and can be executed, once a release is in place.
struct ProgramCheck: Sendable {
    let settings: InstallationSettings
    let tree: Tree
    let fileSystem: any FileSystem

    /// `program` as it stands in a command that runs in the live folder. One without a slash is looked up in `PATH`,
    /// which is not the release's matter.
    func willRun(_ program: String) throws -> Bool {
        guard program.contains("/") else { return true }
        let live = settings.layout.live
        var path = live.pushing(FilePath(program)).lexicallyNormalized()
        guard path.removePrefix(live) else { return try canRun(path) }
        let names = path.components.map(\.string)
        // The customer's own goes before the release's.
        if KeepRules(settings.keep).rule(for: path) != nil, try fileSystem.exists(live.appending(path.string)) {
            return try canRun(live.appending(path.string))
        }
        for count in stride(from: names.count, to: 0, by: -1) {
            let place = names.prefix(count).joined(separator: "/")
            guard let entry = tree.entries.first(where: { $0.path == place }) else { continue }
            switch entry.kind {
            // Where it leads is the vendor's word.
            case .symlink: return true
            case .file(_, _, let permissions): return count == names.count && permissions & 0o111 != 0
            case .directory: return false
            }
        }
        return false
    }

    private func canRun(_ path: FilePath) throws -> Bool {
        guard let found = try fileSystem.attributes(of: fileSystem.followingLinks(path)) else { return false }
        return found.kind == .file && found.permissions & 0o111 != 0
    }
}
