// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Where the passphrases of encrypted keys come from. Copies share what was found out.
public struct Passphrases: Sendable {
    /// Asks for the passphrase of the key with this name; `nil` when there is nobody to ask.
    public typealias Ask = @Sendable (_ name: String) throws(RepositoryError) -> [UInt8]?

    /// Whether there is a way to get one at all: a key that nobody can open is not at hand.
    let canAsk: Bool
    private let ask: Ask
    private let opened = Opened()

    private final class Opened: Sendable {
        /// By key id; opening is made slow on purpose, and people do not like to type things twice.
        let keys = Mutex<[String: any PrivateKey]>([:])
        let passphrases = Mutex<[[UInt8]]>([])
    }

    /// No passphrases: encrypted keys stay closed.
    public static var none: Passphrases { Passphrases(canAsk: false) { _ throws(RepositoryError) in nil } }

    /// One for every key.
    public static func one(_ passphrase: [UInt8]) -> Passphrases {
        Passphrases(canAsk: true) { _ throws(RepositoryError) in passphrase }
    }

    public static func asking(_ ask: @escaping Ask) -> Passphrases { Passphrases(canAsk: true, ask: ask) }

    private init(canAsk: Bool, ask: @escaping Ask) {
        self.canAsk = canAsk
        self.ask = ask
    }

    /// `badKey` when the passphrase is wrong or there is none.
    func open(_ file: KeyFile, name: String) throws(RepositoryError) -> any PrivateKey {
        if let keyID = file.publicKey?.keyID, let key = opened.keys.withLock({ $0[keyID] }) { return key }
        if !file.isEncrypted, let key = try file.opened(with: nil) { return key }
        for known in opened.passphrases.withLock({ $0 }) {
            if let key = try file.opened(with: known) { return keep(key) }
        }
        guard let passphrase = try ask(name) else {
            throw RepositoryError(.badKey, "the key \(name) is encrypted, and its passphrase was not given")
        }
        guard let key = try file.opened(with: passphrase) else {
            throw RepositoryError(.badKey, "the passphrase does not open the key \(name)")
        }
        opened.passphrases.withLock { $0.append(passphrase) }
        return keep(key)
    }

    private func keep(_ key: any PrivateKey) -> any PrivateKey {
        opened.keys.withLock { $0[key.key.keyID] = key }
        return key
    }
}
