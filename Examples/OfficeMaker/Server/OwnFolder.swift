// SPDX-License-Identifier: Apache-2.0
import Foundation
import OfficeMaker
import Platform
import SystemPackage
import Yams

/// The application's own folder: the release, and what the customer keeps in it.
struct OwnFolder: Sendable {
    let path: FilePath
    let version: String
    /// Major version 1 has schema 1, all later ones schema 2.
    let schema: Int
    private let files = POSIXFileSystem()

    init(path: FilePath) throws {
        self.path = path
        let file = path.appending("VERSION")
        let bytes: [UInt8]
        do {
            bytes = try files.read(file, limit: 100)
        } catch {
            throw StartError("\(error) It says which release this is; install the release anew.")
        }
        version = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let major = version.split(separator: ".").first.flatMap({ Int($0) }), major >= 1 else {
            throw StartError("\(file) does not hold a version such as 1.0. Install the release anew.")
        }
        schema = min(major, 2)
    }

    var settingsFile: FilePath { path.appending("preferences/settings.yaml") }

    /// Makes the customer's folders on the first start.
    func prepare(edition: Edition) throws {
        do throws(FileError) {
            for (name, permissions) in [("preferences", UInt16(0o755)), ("backups", 0o700), ("certificates", 0o700)] {
                try files.makeDirectories(path.appending(name), permissions: permissions)
            }
            if try !files.exists(settingsFile) {
                let settings = "# Preferences of \(edition.title)\ncompany: Example Ltd\ncurrency: EUR\n"
                try files.replace(settingsFile, with: Array(settings.utf8), permissions: 0o644)
            }
        } catch {
            throw StartError("\(error)")
        }
    }

    func settings() throws -> [String: String] {
        let text = String(decoding: try files.read(settingsFile, limit: 1 << 20), as: UTF8.self)
        return try YAMLDecoder().decode([String: String].self, from: text)
    }

    func save(settings: [String: String]) throws {
        let encoder = YAMLEncoder()
        encoder.options.sortKeys = true
        try files.replace(settingsFile, with: Array(try encoder.encode(settings).utf8), permissions: 0o644)
    }

    /// Copies the data with SQLite's online backup; people go on working meanwhile.
    func backUp(_ database: OfficeDatabase, at time: Date) throws -> String {
        let moment = time.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        let name = "backups/\(database.edition.rawValue)-\(moment)-\(UInt16.random(in: .min ... .max)).sqlite"
        let temporary = path.appending(name + ".part")
        do {
            try database.backUp(to: temporary)
            try files.setPermissions(0o600, of: temporary)
            try files.rename(temporary, to: path.appending(name))
            try files.syncDirectory(path.appending("backups"))
        } catch {
            try? files.remove(temporary)
            throw error
        }
        return name
    }
}
