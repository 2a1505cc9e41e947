// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import Foundation
import GRDB
import Platform
import SystemPackage

struct Person: Sendable, Hashable {
    var name: String
    var isAdministrator: Bool
}

/// Who may log in. Passwords are kept as scrypt hashes with a salt each.
struct People: Sendable {
    let database: OfficeDatabase
    /// The N of scrypt for new passwords.
    let cost: Int

    private static let firstOnes = ["admin", "anna", "bruno", "carla"]

    /// On the first start: the people of `file`, else four with made-up passwords, written to `first-passwords.txt`.
    func seed(file: FilePath?, folder: FilePath) async throws {
        guard try await database.pool.read({ try Int.fetchOne($0, sql: "SELECT count(*) FROM person") }) == 0 else {
            return
        }
        var passwords: [(name: String, password: String)] = []
        if let file {
            passwords = try Self.read(file)
        } else {
            passwords = Self.firstOnes.map { ($0, Self.randomPassword()) }
            let lines = passwords.map { "\($0.name): \($0.password)\n" }.joined()
            try POSIXFileSystem().replace(
                folder.appending("first-passwords.txt"), with: Array(lines.utf8), permissions: 0o600)
        }
        for (name, password) in passwords {
            let salt = [UInt8](SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
            let hash = try await Self.hash(password, salt: salt, cost: cost)
            let cost = cost
            try await database.pool.write { database in
                try database.execute(
                    sql: "INSERT INTO person (name, salt, hash, cost, isAdministrator) VALUES (?, ?, ?, ?, ?)",
                    arguments: [name, Data(salt), Data(hash), cost, name == "admin"])
            }
        }
    }

    private static func read(_ file: FilePath) throws -> [(name: String, password: String)] {
        let text: String
        do {
            text = String(decoding: try POSIXFileSystem().read(file, limit: 1 << 16), as: UTF8.self)
        } catch {
            throw StartError("\(error) It was to bring the people who may log in.")
        }
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw StartError("\(file) has a line that is not “user: password”.")
            }
            return (parts[0], parts[1])
        }
    }

    private static func randomPassword() -> String {
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<16).compactMap { _ in letters.randomElement(using: &generator) })
    }

    /// `nil` when there is no such person or the password is another; both take the same time.
    func authenticate(_ name: String, password: String) async throws -> Person? {
        let stored = try await database.pool.read {
            try Stored.fetchOne(
                $0, sql: "SELECT salt, hash, cost, isAdministrator FROM person WHERE name = ?", arguments: [name])
        }
        let salt = stored.map { Array($0.salt) } ?? [UInt8](repeating: 0, count: 16)
        let hash = try await Self.hash(password, salt: salt, cost: stored?.cost ?? cost)
        guard let stored, Self.isEqual(hash, Array(stored.hash)) else { return nil }
        return Person(name: name, isAdministrator: stored.isAdministrator)
    }

    private struct Stored: Decodable, FetchableRecord, Sendable {
        var salt: Data
        var hash: Data
        var cost: Int
        var isAdministrator: Bool
    }

    private static func hash(_ password: String, salt: [UInt8], cost: Int) async throws -> [UInt8] {
        try await BlockingWork.run { () throws(any Error) in
            try KDF.Scrypt.deriveKey(
                from: Array(password.utf8), salt: salt, outputByteCount: 32, rounds: cost, blockSize: 8, parallelism: 1
            ).withUnsafeBytes { Array($0) }
        }
    }

    /// Takes the same time wherever the first difference is.
    private static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
