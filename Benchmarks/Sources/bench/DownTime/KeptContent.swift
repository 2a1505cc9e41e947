// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// What the customer has in the application folder that must be there after each update.
struct KeptContent {
    var name: String
    /// Entries of `keep:`.
    var rules: [String]
    /// Of incompressible backups, in files of 64 MiB.
    var backupBytes: Int64 = 0
    /// Small files, a thousand to a folder.
    var smallFiles = 0
    /// What the application does when it is asked to stop: after everything was copied ahead, as late as can be.
    var late = Late.nothing
    /// Milliseconds.
    var medianBar = 10.0
    var worstBar = 30.0
    /// MB of the agent's.
    var residentBar: Double?

    enum Late: String {
        case nothing
        /// A small file among the backups gets another content.
        case changes
        /// One more small backup is made: those that are there never change.
        case adds
    }

    private static let copied = ["backups/**"]
    private static let immutable = ["{ path: backups/**, immutable: true }"]
    private static let gigabyte: Int64 = 1_000_000_000
    private static let backupFile = 64 << 20

    static let all = [
        KeptContent(name: "10 MB", rules: copied),
        KeptContent(name: "1 GB of backups", rules: copied, backupBytes: gigabyte),
        KeptContent(
            name: "5 GB of backups, one changes late", rules: copied, backupBytes: 5 * gigabyte, late: .changes),
        KeptContent(
            name: "5 GB of immutable backups, one more late", rules: immutable, backupBytes: 5 * gigabyte,
            late: .adds),
        KeptContent(
            name: "100,000 kept files", rules: copied, smallFiles: 100_000, medianBar: 150, worstBar: 150,
            residentBar: 100),
    ]

    /// The live folder, the one that is staged, and the one before until it is deleted; and what else there is.
    var neededBytes: Int64 { (rules == Self.immutable ? 1 : 3) * backupBytes + 2 * Self.gigabyte }

    /// Real bytes, written once.
    func write(to folder: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: "\(folder)/backups", withIntermediateDirectories: true)
        try Data("none yet\n".utf8).write(to: URL(filePath: "\(folder)/backups/list"))
        for (index, start) in stride(from: 0, to: backupBytes, by: Self.backupFile).enumerated() {
            let bytes = min(Int64(Self.backupFile), backupBytes - start)
            _ = try Child.run(["head", "-c", "\(bytes)", "/dev/urandom"], output: "\(folder)/backups/\(index).bak")
        }
        for index in 0..<smallFiles {
            let place = "\(folder)/backups/\(index / 1000)"
            if index.isMultiple(of: 1000) {
                try files.createDirectory(atPath: place, withIntermediateDirectories: true)
            }
            try Data("the kept file \(index)\n".utf8).write(to: URL(filePath: "\(place)/\(index).txt"))
        }
    }

    /// Whether the live folder has what `version` left behind when it was asked to stop.
    func isThere(_ folder: String, from version: String) -> Bool {
        let (name, text) =
            switch late {
            case .nothing: ("list", "none yet\n")
            case .changes: ("list", "\(version)\n")
            case .adds: ("late-\(version)", "\(version)\n")
            }
        return (try? String(contentsOfFile: "\(folder)/backups/\(name)", encoding: .utf8)) == text
    }
}
