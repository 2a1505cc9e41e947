// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Crypto
import Foundation
import Platform
import SystemPackage

/// One `.eml` file per mail, which any mail program opens: the embedded default.
///
/// The name begins with the mail's time, so that names sort by it, and is the same for every attempt, so that
/// an attempt after a crash replaces its file instead of adding one.
struct FolderTransport: MailTransport {
    let folder: FilePath
    let fileSystem: any FileSystem

    init(folder: FilePath, fileSystem: any FileSystem) {
        self.folder = folder
        self.fileSystem = fileSystem
    }

    func send(_ message: MailMessage) async throws(MailFailure) {
        let (folder, fileSystem) = (folder, fileSystem)
        let file = folder.appending(Self.name(of: message))
        do throws(FileError) {
            try await BlockingWork.run { () throws(FileError) in
                try fileSystem.makeDirectories(folder, permissions: 0o750)
                try fileSystem.replace(file, with: message.encoded(), permissions: 0o600)
            }
        } catch {
            throw MailFailure(
                .mailFolderNotWritable, .transient, ["path": folder.string, "reason": error.description])
        }
    }

    /// `20261122T101500Z-3f0c….eml`
    static func name(of message: MailMessage) -> String {
        let digest = SHA256.hash(data: Data(message.identifier.utf8)).prefix(8)
        let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted)
        return message.date.formatted(style) + "-" + digest.map { String(format: "%02x", $0) }.joined() + ".eml"
    }
}
