// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
public import TUF

/// Private keys as `NAME.pem` files that only their owner can read. Which role a key is for is not its name's
/// matter but the metadata's: keys are found by their id.
public struct KeyStore: Sendable {
    public let directory: FilePath
    private let fileSystem: any FileSystem

    public init(directory: FilePath, fileSystem: any FileSystem) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// Makes an ed25519 key and writes it durably; one of that name is never replaced.
    public func generate(_ name: String) throws(RepositoryError) -> any Signer {
        let file = file(name)
        guard try files("look for the key \(name)", { () throws(FileError) in try fileSystem.exists(file) }) == false
        else { throw RepositoryError(.exists, "there is a key \(file) already") }
        let signer = Ed25519Signer()
        try files("write the key \(name)") { () throws(FileError) in
            try fileSystem.makeDurableDirectories(directory)
            try fileSystem.setPermissions(0o700, of: directory)
            try fileSystem.replace(file, with: Array(signer.pem.utf8), permissions: 0o600)
        }
        return signer
    }

    /// `nil` when there is none of that name.
    public func signer(named name: String) throws(RepositoryError) -> (any Signer)? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(file(name), limit: 65_536)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw RepositoryError(.file(error), "read the key \(name): \(error)")
        }
        do {
            return try Ed25519Signer(pem: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw RepositoryError(error.code, "\(file(name)): \(error.reason)")
        }
    }

    /// Continues after a crash: a key that was made then is used.
    func signerOrNew(_ name: String) throws(RepositoryError) -> any Signer {
        if let signer = try signer(named: name) { return signer }
        return try generate(name)
    }

    /// All that are here. A folder that is away (the keys are offline) has none.
    public func signers() throws(RepositoryError) -> [any Signer] {
        var names: [String] = []
        do {
            names = try fileSystem.entries(of: directory)
        } catch  where error.code == .notFound {
        } catch {
            throw RepositoryError(.file(error), "read the keys: \(error)")
        }
        var signers: [any Signer] = []
        for name in names where name.hasSuffix(".pem") && !name.hasPrefix(".") {
            if let signer = try signer(named: String(name.dropLast(4))) { signers.append(signer) }
        }
        return signers
    }

    private func file(_ name: String) -> FilePath { directory.appending("\(percentEncoded(name)).pem") }
}
