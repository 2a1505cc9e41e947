// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
public import TUF

/// A key that is at hand.
public struct StoredKey: Sendable, Hashable {
    public enum Kind: String, Sendable {
        case plain
        /// Its passphrase is needed to sign.
        case encrypted
        /// A command signs.
        case external
    }

    public var name: String
    public var kind: Kind
    public var key: PublicKey

    public static func == (a: Self, b: Self) -> Bool { a.name == b.name && a.kind == b.kind && a.key == b.key }

    public func hash(into hasher: inout Hasher) { hasher.combine(key.keyID) }
}

/// Keys as files that only their owner can read: `NAME.pem`, a private key, and `NAME.json`, a command that signs.
/// Which role a key is for is not its name's matter but the metadata's: keys are found by their id.
public struct KeyStore: Sendable {
    public let directory: FilePath
    private let fileSystem: any FileSystem
    private let passphrases: Passphrases
    /// Given: new keys are encrypted with it.
    private let newPassphrase: [UInt8]?
    private let environment: [String: String]
    private let run: ExternalSigner.Runner

    /// - Parameters:
    ///   - newPassphrase: encrypts the keys that are made from now on, but for those that sign unattended.
    ///   - environment: what external signers get.
    public init(
        directory: FilePath, fileSystem: any FileSystem, passphrases: Passphrases = .none,
        newPassphrase: [UInt8]? = nil, environment: [String: String] = [:],
        run: @escaping ExternalSigner.Runner = { command throws(CommandError) in
            try POSIXCommandRunner().runBlocking(command)
        }
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        self.passphrases = passphrases
        self.newPassphrase = newPassphrase
        self.environment = environment
        self.run = run
    }

    // MARK: Making

    /// Makes a key and writes it durably; one of that name is never replaced (`exists`).
    /// - Parameter unattended: it signs without anybody there, so it is not encrypted.
    @discardableResult
    public func generate(
        _ name: String, scheme: KeyScheme = .ed25519, unattended: Bool = false
    ) throws(RepositoryError) -> any Signer {
        let key: any PrivateKey =
            switch scheme {
            case .ed25519: Ed25519Signer()
            case .ecdsa: ECDSASigner()
            }
        try add(key, name, unattended: unattended)
        return key
    }

    /// Takes over a private key in PEM, encrypted or not, that another tool made.
    public func importKey(_ pem: String, as name: String) throws(RepositoryError) -> PublicKey {
        let key = try passphrases.open(try KeyFile(parsing: pem), name: name)
        try add(key, name, unattended: false)
        return key.key
    }

    /// Takes over a key that an external command signs with, after a try.
    public func addExternal(
        _ name: String, publicKey pem: String, arguments: [String]
    ) throws(RepositoryError) -> PublicKey {
        let signer = ExternalSigner(
            key: try PublicKey(pem: pem), arguments: arguments, environment: environment, run: run)
        do {
            _ = try signer.sign(Array("Ricambio asks whether this key signs.".utf8))
        } catch {
            throw RepositoryError(.badKey, "\(error)")
        }
        let content: JSONValue = [
            "command": .array(arguments.map { .string($0) }), "key": .object(signer.key.json),
        ]
        try write(content.prettyBytes(), to: jsonFile(name), name)
        return signer.key
    }

    private func add(_ key: any PrivateKey, _ name: String, unattended: Bool) throws(RepositoryError) {
        let pem =
            if let newPassphrase, !unattended {
                try KeyFile.pem(of: key, passphrase: newPassphrase)
            } else {
                KeyFile.pem(of: key)
            }
        try write(Array(pem.utf8), to: pemFile(name), name)
    }

    private func write(_ bytes: [UInt8], to file: FilePath, _ name: String) throws(RepositoryError) {
        guard Self.isKeyName(name) else {
            throw RepositoryError(
                .badName,
                "\"\(name)\" cannot name a key: letters, digits, '.', '-' and '_' can be used, the first a "
                    + "letter or digit, at most 110")
        }
        for existing in [pemFile(name), jsonFile(name)] {
            let exists = try files("look for the key \(name)") { () throws(FileError) in
                try fileSystem.exists(existing)
            }
            if exists { throw RepositoryError(.exists, "there is a key \(existing) already") }
        }
        try files("write the key \(name)") { () throws(FileError) in
            try fileSystem.makeDurableDirectories(directory)
            try fileSystem.setPermissions(0o700, of: directory)
            try fileSystem.replace(file, with: bytes, permissions: 0o600)
        }
    }

    // MARK: Finding

    /// All that are here, by name. A folder that is away (the keys are offline) has none.
    public func keys() throws(RepositoryError) -> [StoredKey] {
        var names: [String] = []
        do {
            names = try fileSystem.entries(of: directory)
        } catch  where error.code == .notFound {
        } catch {
            throw RepositoryError(.file(error), "read the keys: \(error)")
        }
        var keys: [StoredKey] = []
        for file in names where !file.hasPrefix(".") {
            for suffix in [".pem", ".json"] where file.hasSuffix(suffix) {
                if let key = try key(named: String(file.dropLast(suffix.count))) { keys.append(key) }
            }
        }
        return keys
    }

    /// `nil` when there is none of that name.
    public func key(named name: String) throws(RepositoryError) -> StoredKey? {
        if let file = try keyFile(name) {
            guard let key = file.publicKey else {
                throw RepositoryError(
                    .badKey,
                    "\(pemFile(name)) is encrypted and does not say which key it is; take it over with key import")
            }
            return StoredKey(name: name, kind: file.isEncrypted ? .encrypted : .plain, key: key)
        }
        return try external(name).map { StoredKey(name: name, kind: .external, key: $0.key) }
    }

    /// `nil` when there is none of that name; `badKey` when it cannot be opened.
    public func signer(named name: String) throws(RepositoryError) -> (any Signer)? {
        if let file = try keyFile(name) { return try passphrases.open(file, name: name) }
        return try external(name)
    }

    /// Whether it can sign at all: an encrypted key without any way to its passphrase cannot.
    func isAtHand(_ key: StoredKey) -> Bool { key.kind != .encrypted || passphrases.canAsk }

    /// Continues after a crash: a key that was made then is used.
    func publicKeyOrNew(_ name: String) throws(RepositoryError) -> PublicKey {
        if let key = try key(named: name) { return key.key }
        return try generate(name).key
    }

    func signerOrNew(_ name: String, unattended: Bool) throws(RepositoryError) -> any Signer {
        if let signer = try signer(named: name) { return signer }
        return try generate(name, unattended: unattended)
    }

    // MARK: Files

    private static func isKeyName(_ name: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= 110 else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    private func keyFile(_ name: String) throws(RepositoryError) -> KeyFile? {
        guard let bytes = try read(pemFile(name)) else { return nil }
        do {
            return try KeyFile(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw RepositoryError(error.code, "\(pemFile(name)): \(error.reason)")
        }
    }

    private func external(_ name: String) throws(RepositoryError) -> ExternalSigner? {
        guard let bytes = try read(jsonFile(name)) else { return nil }
        guard let json = try? JSONValue(parsing: bytes), let key = json["key"]?.objectValue,
            let arguments = json["command"]?.arrayValue?.compactMap(\.stringValue), !arguments.isEmpty,
            let type = key["keytype"]?.stringValue, let scheme = key["scheme"]?.stringValue,
            let value = key["keyval"]?["public"]?.stringValue
        else {
            throw RepositoryError(.badKey, "\(jsonFile(name)) should have \"key\" and \"command\"")
        }
        return ExternalSigner(
            key: PublicKey(type: type, scheme: scheme, value: value), arguments: arguments, environment: environment,
            run: run)
    }

    private func read(_ file: FilePath) throws(RepositoryError) -> [UInt8]? {
        do {
            return try fileSystem.read(file, limit: 65_536)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw RepositoryError(.file(error), "read \(file): \(error)")
        }
    }

    private func pemFile(_ name: String) -> FilePath { directory.appending("\(name).pem") }
    private func jsonFile(_ name: String) -> FilePath { directory.appending("\(name).json") }
}
