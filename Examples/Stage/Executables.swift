// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
public import SystemPackage

/// The executables of one build: the real ones, as people run them.
public struct Executables: Sendable {
    public let folder: FilePath

    /// With `nil`, the folder of the running program: the build puts the tests and the executables side by side.
    public init(folder: FilePath? = nil) throws {
        let folder = try folder ?? Executables.ownFolder()
        self.folder = folder
        for name in ["ricambio", "ricambio-repo", "tuf-client", "om-server", "om-client"] {
            guard FileManager.default.isExecutableFile(atPath: folder.appending(name).string) else {
                throw StageError("\(folder) has no \(name). Build first: make build")
            }
        }
    }

    public var ricambio: FilePath { folder.appending("ricambio") }
    public var ricambioRepo: FilePath { folder.appending("ricambio-repo") }
    public var tufClient: FilePath { folder.appending("tuf-client") }
    public var omServer: FilePath { folder.appending("om-server") }
    public var omClient: FilePath { folder.appending("om-client") }

    private static func ownFolder() throws -> FilePath {
        #if os(Linux)
            return FilePath(try POSIXFileSystem().destination(ofLink: "/proc/self/exe")).removingLastComponent()
        #else
            // The tests run in a bundle below the build folder.
            var folder = FilePath(Bundle.main.bundlePath)
            if folder.extension == "xctest" || folder.extension == "app" { folder = folder.removingLastComponent() }
            return folder
        #endif
    }
}
