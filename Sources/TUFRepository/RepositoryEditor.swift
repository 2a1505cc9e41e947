// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
public import TUF

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Changes a repository: products and their targets, then ``commit()`` signs and publishes all of it at once.
///
/// Target files are written when they are added, metadata on commit, `timestamp.json` last, each durably: a reader
/// never sees half of it, and a publisher that is killed leaves only files that nothing refers to. The editor has
/// the repository's lock for as long as it lives, so two publishers never interleave.
public struct RepositoryEditor: Sendable {
    public let layout: RepositoryLayout
    public let keys: KeyStore
    /// Of everything that is signed from now on.
    public var lifetimes: Lifetimes
    private let clock: any WallClock
    private let files: RepositoryFiles
    private let lock: PublisherLock?

    public private(set) var root: Root
    private var targets: EditableMetadata
    private var products: [String: EditableMetadata]
    private var snapshot: EditableMetadata
    private var timestamp: EditableMetadata
    /// Roles that the next commit signs anew.
    private var changed: Set<String> = []

    /// Opens a repository for changes; `locked` while somebody else does.
    public init(
        opening folder: FilePath, keys: KeyStore, clock: any WallClock, fileSystem: any FileSystem
    ) throws(RepositoryError) {
        let files = RepositoryFiles(layout: RepositoryLayout(folder), fileSystem: fileSystem)
        guard try files.exists(files.layout.metadata.appending("timestamp.json")) else {
            throw RepositoryError(.notARepository, "\(folder) is no repository; make one with init")
        }
        try self.init(files, keys: keys, clock: clock, lock: try files.lock())
    }

    /// Opens a repository to look at it, without its lock or any key.
    public init(
        reading folder: FilePath, clock: any WallClock, fileSystem: any FileSystem
    ) throws(RepositoryError) {
        let files = RepositoryFiles(layout: RepositoryLayout(folder), fileSystem: fileSystem)
        guard try files.exists(files.layout.metadata.appending("timestamp.json")) else {
            throw RepositoryError(.notARepository, "\(folder) is no repository; make one with init")
        }
        let keys = KeyStore(directory: files.layout.keys, fileSystem: fileSystem)
        try self.init(files, keys: keys, clock: clock, lock: nil)
    }

    private init(
        _ files: RepositoryFiles, keys: KeyStore, clock: any WallClock, lock: PublisherLock?
    ) throws(RepositoryError) {
        let loaded = try LoadedRepository(files)
        layout = files.layout
        self.keys = keys
        self.clock = clock
        self.files = files
        self.lock = lock
        lifetimes = loaded.lifetimes
        root = loaded.root
        targets = loaded.targets
        products = loaded.products
        snapshot = loaded.snapshot
        timestamp = loaded.timestamp
    }

    // MARK: Looking

    /// Names, sorted.
    public var productNames: [String] { products.keys.sorted() }

    public func hasProduct(_ name: String) -> Bool { products[name] != nil }

    /// By path.
    public func targets(of product: String) throws(RepositoryError) -> [TargetFile] {
        let role = try self.product(product)
        return try metadata("read the targets of \(product)") { () throws(TUFError) in
            let content = try Targets(role.signed, role: product)
            var files: [TargetFile] = []
            for path in content.paths {
                if let file = try content.target(path) { files.append(file) }
            }
            return files
        }
    }

    /// When each role's present metadata expires, the first to expire first.
    public var expiries: [(role: String, expires: Date)] {
        var roles = products.merging(
            ["targets": targets, "snapshot": snapshot, "timestamp": timestamp], uniquingKeysWith: { $1 }
        ).compactMap { role in role.value.expires.map { (role: role.key, expires: $0) } }
        roles.append(("root", root.header.expires))
        return roles.sorted { ($0.expires, $0.role) < ($1.expires, $1.role) }
    }

    /// `nil` when the product has no such target.
    public func target(_ path: String, of product: String) throws(RepositoryError) -> TargetFile? {
        let role = try self.product(product)
        return try metadata("read the targets of \(product)") { () throws(TUFError) in
            try Targets(role.signed, role: product).target(path)
        }
    }

    /// The content of a target, checked against the metadata.
    public func bytes(of target: TargetFile) throws(RepositoryError) -> [UInt8] {
        let bytes = try files.read(layout.target(target))
        try metadata("read \(target.path)") { () throws(TUFError) in try target.check(bytes) }
        return bytes
    }

    // MARK: Changing

    /// Delegates `NAME/…` to a role with a key of its own. Does nothing when the product exists.
    public mutating func addProduct(_ name: String) throws(RepositoryError) {
        if hasProduct(name) { return }
        guard Self.isProductName(name) else {
            throw RepositoryError(
                .badName,
                "\"\(name)\" cannot be a product's name: lower-case letters, digits, '.', '-' and '_' can be used, "
                    + "and root, targets, snapshot and timestamp are taken")
        }
        let signer = try keys.signerOrNew("product-\(name)")
        targets.setDelegation(
            to: name, keys: [signer.key],
            scope: ["paths": [.string("\(name)/*"), .string("\(name)/*/*"), .string("\(name)/*/*/*")]],
            terminating: true)
        var product = EditableMetadata.targets(expires: expiry(lifetimes.product))
        product.version = 0
        products[name] = product
        changed.formUnion(["targets", name])
    }

    /// Writes the file (durably, under its hash) and lists it; one of the same path is replaced.
    /// - Parameter path: the whole target path, `PRODUCT/FOLDER/NAME`.
    public mutating func addTarget(
        product: String, path: String, bytes: [UInt8], custom: JSONValue? = nil
    ) throws(RepositoryError) {
        var role = try self.product(product)
        try checkPath(path, product: product)
        let target = TargetFile(
            path: path, length: Int64(bytes.count), sha256: sha256Hex(bytes), custom: custom)
        try files.write(layout.target(target), bytes)
        role.setTarget(target, at: path)
        products[product] = role
        changed.insert(product)
    }

    /// The file stays: older metadata refers to it. Absent is fine.
    public mutating func removeTarget(product: String, path: String) throws(RepositoryError) {
        guard try target(path, of: product) != nil else { return }
        products[product]?.setTarget(nil, at: path)
        changed.insert(product)
    }

    /// Signs what has changed and publishes it. Does nothing when nothing has.
    public mutating func commit() throws(RepositoryError) {
        if changed.isEmpty { return }
        try publish()
    }

    /// Publishes a new snapshot and timestamp, so that they stay valid for their whole lifetime from now on, and
    /// targets roles that are past half of theirs, as far as their keys are at hand.
    public mutating func renew() throws(RepositoryError) {
        try publish()
    }
}

extension RepositoryEditor {
    private func product(_ name: String) throws(RepositoryError) -> EditableMetadata {
        guard let role = products[name] else {
            throw RepositoryError(.unknownProduct, "the repository has no product \"\(name)\"")
        }
        return role
    }

    static func isProductName(_ name: String) -> Bool {
        guard let first = name.utf8.first, TopLevelRole(rawValue: name) == nil, name.utf8.count <= 100 else {
            return false
        }
        let alphanumeric = { (byte: UInt8) in (97...122).contains(byte) || (48...57).contains(byte) }
        return alphanumeric(first) && name.utf8.allSatisfy { alphanumeric($0) || "._-".utf8.contains($0) }
    }

    private func checkPath(_ path: String, product: String) throws(RepositoryError) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain =
            segments.allSatisfy { $0 != "" && $0 != "." && $0 != ".." }
            && path.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\\" && $0.value != 0x7f }
        guard isPlain, try speaks(product, for: path) else {
            throw RepositoryError(
                .badName, "\"\(path)\" cannot be a target of \(product); it must look like \(product)/FOLDER/NAME")
        }
    }

    private func speaks(_ product: String, for path: String) throws(RepositoryError) -> Bool {
        let signed = targets.signed
        return try metadata("read the delegations") { () throws(TUFError) in
            try Targets(signed, role: "targets").delegations?.roles(for: path).first?.name == product
        }
    }

    func expiry(_ days: Int) -> Date { clock.now + Double(days) * 86_400 }

    private mutating func publish() throws(RepositoryError) {
        guard lock != nil else { throw RepositoryError(.locked, "the repository was opened for reading only") }
        let signers = try RoleSigners(keys.signers())
        let changed = try changed.union(dueForRenewal(signers))
        // Worked out and signed as a whole before the first file is written: a missing key changes nothing.
        var new = self
        var documents: [(FilePath, [UInt8])] = []
        for name in new.productNames where changed.contains(name) {
            guard var role = new.products[name] else { continue }
            role.version += 1
            role.expires = expiry(lifetimes.product)
            new.products[name] = role
            documents.append(
                try new.sign(role, name, keys: new.keys(ofProduct: name), signers, into: \.snapshot))
        }
        if changed.contains("targets") {
            new.targets.version += 1
            new.targets.expires = expiry(lifetimes.targets)
            documents.append(try new.sign(new.targets, "targets", keys: root[.targets], signers, into: \.snapshot))
        }
        new.snapshot.version += 1
        new.snapshot.expires = expiry(lifetimes.snapshot)
        documents.append(try new.sign(new.snapshot, "snapshot", keys: root[.snapshot], signers, into: \.timestamp))
        new.timestamp.version += 1
        new.timestamp.expires = expiry(lifetimes.timestamp)
        let last = try signers.document(new.timestamp, role: "timestamp", keys: root[.timestamp])
        for (file, bytes) in documents { try files.write(file, bytes) }
        try files.write(layout.metadata.appending("timestamp.json"), last)
        new.changed = []
        self = new
    }

    /// Without this a vendor's targets would expire after a year although every release is published in time.
    private func dueForRenewal(_ signers: RoleSigners) throws(RepositoryError) -> Set<String> {
        var due: Set<String> = []
        if isDue(targets, days: lifetimes.targets), signers.canSign(root[.targets]) { due.insert("targets") }
        for (name, role) in products where isDue(role, days: lifetimes.product) {
            if try signers.canSign(keys(ofProduct: name)) { due.insert(name) }
        }
        return due
    }

    private func isDue(_ role: EditableMetadata, days: Int) -> Bool {
        role.expires.map { $0 < clock.now + Double(days) * 43_200 } ?? true
    }

    /// Signs a role's metadata and lists it in `list` (snapshot, or timestamp for the snapshot itself).
    private mutating func sign(
        _ content: EditableMetadata, _ role: String, keys: RoleKeys, _ signers: RoleSigners,
        into list: WritableKeyPath<RepositoryEditor, EditableMetadata>
    ) throws(RepositoryError) -> (FilePath, [UInt8]) {
        let bytes = try signers.document(content, role: role, keys: keys)
        self[keyPath: list].setMeta("\(role).json", version: content.version, bytes: bytes)
        return (layout.metadata(role, version: content.version), bytes)
    }

    private func keys(ofProduct name: String) throws(RepositoryError) -> RoleKeys {
        let signed = targets.signed
        let keys = try metadata("read the delegations") { () throws(TUFError) in
            try Targets(signed, role: "targets").delegations?.keys(of: name)
        }
        guard let keys else { throw RepositoryError(.unknownProduct, "nothing is delegated to \"\(name)\"") }
        return keys
    }
}
