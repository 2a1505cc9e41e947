// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Platform
internal import SystemPackage

internal import TUF
internal import TUFRepository

struct RotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Gives a role other keys, another threshold, or a root that expires later.",
        discussion: """
            ROLE is root, targets, snapshot, timestamp or a product. With neither --add, --remove nor --threshold, every \
            key of the role that is here is replaced by a new one; the root is only signed anew, for another lifetime. \
            When keys that must sign are not here, what was prepared waits in DIR/pending: see “status”, “sign” and “commit”.
            """)

    @Argument(help: "The repository's folder.")
    var directory: String
    @Argument(help: "Whose keys.")
    var role: String
    @Option(
        help: ArgumentHelp(
            "A key of DIR/keys, or a public key in PEM, to add; repeat for several.", valueName: "name or file"))
    var add: [String] = []
    @Option(help: ArgumentHelp("A key to take away; repeat for several.", valueName: "name or key id"))
    var remove: [String] = []
    @Option(help: "How many of the keys must sign.")
    var threshold: Int?
    @Option(help: ArgumentHelp("For how long a new root is valid.", valueName: "days"))
    var expiresDays: Int?
    @OptionGroup var passphrase: PassphraseOptions

    func run() async throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let before = try folder.read(clock: SystemWallClock())
        let after = try rotate(folder, keys: try passphrase.keys(folder), clock: SystemWallClock())
        if after.root.version > before.root.version { Terminal.say("root \(after.root.version) is published") }
        let keys = try after.keys(of: role)
        Terminal.say("\(role): \(keys.threshold) of \(keys.keyIDs.count) keys must sign")
        for keyID in keys.keyIDs { Terminal.say("  \(keyID)") }
    }

    func rotate(_ folder: VendorFolder, keys store: KeyStore, clock: any WallClock) throws -> RepositoryEditor {
        var editor = try folder.edit(clock: clock, keys: store)
        guard editor.roleNames.contains(role) else {
            throw VendorError(
                .notFound, "There is no role “\(role)”; there are \(editor.roleNames.joined(separator: ", ")).")
        }
        if let expiresDays {
            guard role == "root", (1...36_500).contains(expiresDays) else {
                throw VendorError(.usage, "--expires-days is for the root, and from 1 to 36500.")
            }
            editor.lifetimes.root = expiresDays
        }
        let now = try editor.keys(of: role)
        if add.isEmpty, remove.isEmpty, threshold == nil {
            if role == "root" {
                editor.renewRoot()
            } else {
                try editor.setKeys(try replaced(now, store), threshold: now.threshold, of: role)
            }
        } else {
            try editor.setKeys(try changed(now, store, folder), threshold: threshold ?? now.threshold, of: role)
        }
        try editor.commit()
        return editor
    }

    /// A new key for each that is here; one that is elsewhere stays.
    private func replaced(_ now: RoleKeys, _ store: KeyStore) throws -> [PublicKey] {
        var here: [String: StoredKey] = [:]
        for key in try store.keys() { here[key.key.keyID] = key }
        let base = TopLevelRole(rawValue: role) == nil ? "product-\(role)" : role
        var number = 2
        return try now.keys.map { old in
            guard let stored = here[old.keyID] else { return old }
            guard stored.kind != .external else {
                throw VendorError(
                    .usage, "The key \(stored.name) is an external one: make its successor, and use --add and --remove."
                )
            }
            while try store.key(named: "\(base)-\(number)") != nil { number += 1 }
            return try store.generate(
                "\(base)-\(number)", scheme: old.keyType == "ed25519" ? .ed25519 : .ecdsa,
                unattended: stored.kind == .plain && (role == "snapshot" || role == "timestamp")
            ).key
        }
    }

    private func changed(_ now: RoleKeys, _ store: KeyStore, _ folder: VendorFolder) throws -> [PublicKey] {
        var keys = now.keys
        for name in remove {
            let keyID = try store.key(named: name)?.key.keyID ?? name
            guard keys.contains(where: { $0.keyID == keyID }) else {
                throw VendorError(
                    .notFound, "“\(name)” is no key of \(role); “key list” and “status” show what there is.")
            }
            keys.removeAll { $0.keyID == keyID }
        }
        for name in add {
            if let key = try store.key(named: name) {
                keys.append(key.key)
            } else if try folder.fileSystem.exists(FilePath(name)) {
                let pem = try folder.fileSystem.read(FilePath(name), limit: 65_536)
                keys.append(try PublicKey(pem: String(decoding: pem, as: UTF8.self)))
            } else {
                throw VendorError(
                    .notFound, "There is no key “\(name)” in \(folder.layout.keys), and no file of that name.")
            }
        }
        return keys
    }
}
