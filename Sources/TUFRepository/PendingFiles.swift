// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import TUF

/// Drafts that wait for signatures, as `pending/ROLE.json`. They are put there and taken away as a whole.
struct PendingFiles {
    let files: RepositoryFiles

    private var folder: FilePath { files.layout.pending }
    private var temporary: FilePath { files.layout.folder.appending(".pending.new") }

    /// By role; empty when nothing waits.
    func read() throws(RepositoryError) -> [String: Draft] {
        var drafts: [String: Draft] = [:]
        for role in try roles() {
            let file = folder.appending("\(role).json")
            do {
                drafts[role] = try Draft(parsing: try files.read(file))
            } catch {
                throw RepositoryError(error.code, "\(file): \(error.reason)")
            }
        }
        return drafts
    }

    /// In place of what waits there: a reader sees all of the old or all of the new, or none.
    func write(_ drafts: [String: Draft]) throws(RepositoryError) {
        try clear(temporary)
        for (role, draft) in drafts { try files.write(temporary.appending("\(role).json"), draft.bytes) }
        let isReplaced = try files.exists(folder)
        try TUFRepository.files("put \(folder) in place") { () throws(FileError) in
            if isReplaced {
                try files.fileSystem.exchange(temporary, with: folder)
            } else {
                try files.fileSystem.rename(temporary, to: folder)
            }
            try files.fileSystem.syncDirectory(files.layout.folder)
        }
        try clear(temporary)
    }

    /// One file again, with more signatures.
    func update(_ draft: Draft, of role: String) throws(RepositoryError) {
        try files.write(folder.appending("\(role).json"), draft.bytes)
    }

    func remove() throws(RepositoryError) {
        try clear(temporary)
        try clear(folder)
    }

    func roles() throws(RepositoryError) -> [String] {
        guard try files.exists(folder) else { return [] }
        return try TUFRepository.files("read \(folder)") { () throws(FileError) in
            try files.fileSystem.entries(of: folder)
                .filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(".json".count)) }
        }
    }

    private func clear(_ folder: FilePath) throws(RepositoryError) {
        guard try files.exists(folder) else { return }
        try TUFRepository.files("empty \(folder)") { () throws(FileError) in
            // Out of sight first, so that half of it is never read.
            let rubbish = files.layout.folder.appending(".pending.old")
            try files.fileSystem.removeTree(rubbish)
            try files.fileSystem.rename(folder, to: rubbish)
            try files.fileSystem.removeTree(rubbish)
            try files.fileSystem.syncDirectory(files.layout.folder)
        }
    }
}
