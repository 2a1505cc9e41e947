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
    let clock: any WallClock
    let files: RepositoryFiles
    let lock: PublisherLock?

    /// The one that is published, not one that is being made.
    public internal(set) var root: Root
    var rootMetadata: EditableMetadata
    var targets: EditableMetadata
    var products: [String: EditableMetadata]
    var snapshot: EditableMetadata
    var timestamp: EditableMetadata
    /// Roles that the next commit signs anew.
    var changed: Set<String> = []

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
        rootMetadata = loaded.rootMetadata
        changed = loaded.outdated
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

    /// Of the snapshot that is published.
    public var snapshotVersion: Int64 { snapshot.version }

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
        let key = try keys.publicKeyOrNew("product-\(name)")
        targets.setDelegation(
            to: name, keys: [key],
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
    ///
    /// When keys of root, targets or a product are not at hand, nothing is published: all of it is put into
    /// ``RepositoryLayout/pending`` for others to sign, and `waitsForSignatures` is thrown.
    public mutating func commit() throws(RepositoryError) {
        if changed.isEmpty { return }
        try publish()
    }

    /// Publishes a new snapshot and timestamp, so that they stay valid for their whole lifetime from now on, and
    /// targets roles that are past half of theirs, as far as their keys are at hand and nothing of them waits.
    public mutating func renew() throws(RepositoryError) {
        changed.formUnion(try dueForRenewal())
        try publish()
    }
}

extension RepositoryEditor {
    func product(_ name: String) throws(RepositoryError) -> EditableMetadata {
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
}
