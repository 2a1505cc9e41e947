// SPDX-License-Identifier: Apache-2.0
import Foundation
public import SystemPackage

/// The folders that the vendor of Office Maker publishes, made from the executables of the build.
public struct OfficeMakerReleases: Sendable {
    public let stage: Stage

    public static let product = "om-business"

    public init(stage: Stage) {
        self.stage = stage
    }

    /// The server's folder: its program, the version, and default preferences.
    public func server(_ version: String) async throws -> FilePath {
        let folder = try release("server", version)
        try await put(stage.executables.omServer, into: folder)
        // Each release brings its own defaults; those of a customer who has changed them stay.
        var defaults = "# Preferences of OM Business \(version)\ncompany: Example Ltd\ncurrency: EUR\n"
        if version != "1.0" { defaults += "theme: light\n" }
        try write(defaults, to: folder.appending("preferences/settings.yaml"))
        return folder
    }

    /// The client's folder: its program, the version, and the vendor's root that it checks its updates with.
    public func client(_ version: String, root: FilePath) async throws -> FilePath {
        let folder = try release("client", version)
        try await put(stage.executables.omClient, into: folder)
        try stage.fileSystem.copyFile(root, to: folder.appending("root.json"))
        return folder
    }

    private func release(_ component: String, _ version: String) throws -> FilePath {
        let folder = stage.folder.appending("releases").appending("\(component)-\(version)")
        try stage.fileSystem.makeDirectories(folder)
        try write(version + "\n", to: folder.appending("VERSION"))
        return folder
    }

    /// As a vendor does: without the symbols, where there is a tool for that.
    private func put(_ program: FilePath, into folder: FilePath) async throws {
        guard let name = program.lastComponent?.string else { return }
        let copy = folder.appending(name)
        let stripped = try? await stage.run(["strip", "-o", copy.string, program.string])
        if stripped?.succeeded != true {
            try stage.fileSystem.remove(copy)
            try stage.fileSystem.copyFile(program, to: copy)
        }
        try stage.fileSystem.setPermissions(0o755, of: copy)
    }

    private func write(_ text: String, to file: FilePath) throws {
        try stage.fileSystem.makeDirectories(file.removingLastComponent())
        try stage.fileSystem.replace(file, with: Array(text.utf8), permissions: 0o644)
    }
}
