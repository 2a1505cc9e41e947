// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
public import SystemPackage

/// The vendor: a repository, made and published to with `ricambio-repo`, and its static server.
public struct Vendor: Sendable {
    public let stage: Stage
    public let folder: FilePath

    public init(stage: Stage, name: String = "vendor") {
        self.stage = stage
        folder = stage.folder.appending(name).appending("repository")
    }

    /// The root that customers get once, by another way than the network.
    public var root: FilePath { folder.appending("public/metadata/1.root.json") }
    public var packs: FilePath { folder.appending("public/packs") }

    public func initialise(options: [String] = []) async throws {
        try stage.fileSystem.makeDirectories(folder.removingLastComponent())
        try await repo(["init", folder.string] + options)
    }

    /// Publishes folders as a release of `product`.
    public func publish(
        _ product: String, _ version: String, server: FilePath? = nil, client: FilePath? = nil,
        notes: [String: String] = [:], options: [String] = []
    ) async throws {
        var arguments = ["publish", folder.string, product, version, "--channel", "stable"]
        if let server { arguments += ["--server", "\(Platform.current)=\(server)"] }
        if let client { arguments += ["--client", "\(Platform.current)=\(client)"] }
        for (language, text) in notes.sorted(by: { $0.key < $1.key }) {
            let file = folder.removingLastComponent().appending("notes-\(product)-\(version)-\(language).md")
            try stage.fileSystem.replace(file, with: Array(text.utf8), permissions: 0o644)
            arguments += ["--notes", "\(language)=\(file)"]
        }
        try await repo(arguments + options)
    }

    /// Serves the repository on an unused port; the address ends with a slash.
    public func serve() async throws -> (process: StagedProcess, port: Int, url: String) {
        let process = try await stage.start(
            "vendor", [stage.executables.ricambioRepo.string, "serve", folder.string, "--port", "0"])
        let url = try await process.line(after: "serving \(folder) at ")
        guard let port = url.split(separator: ":").last.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw StageError("The vendor serves at an address without a port: \(url)")
        }
        return (process, port, url)
    }

    @discardableResult
    private func repo(_ arguments: [String]) async throws -> String {
        try await stage.succeed([stage.executables.ricambioRepo.string] + arguments, timeout: 300).outputText
    }
}
