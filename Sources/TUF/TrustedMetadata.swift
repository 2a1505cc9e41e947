// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The metadata that is trusted so far, and the rules by which more becomes trusted (specification 5.3–5.6).
/// A value without any input or output; ``Updater`` brings the bytes.
///
/// - Roots come first, one version after the other, each signed by the one before and by itself.
/// - Then timestamp, snapshot, targets, delegated targets, in this order; each is signed by keys of the one that
///   delegates to it, and is exactly what the one before promised.
/// - Old local copies are loaded by the same functions. An expired one is kept for comparison although the function
///   throws, so that it still stops a roll-back; but nothing is built on it.
/// - All times are compared with one reference time.
public struct TrustedMetadata: Sendable {
    public let referenceTime: Date
    public private(set) var root: Root
    public private(set) var timestamp: Timestamp?
    public private(set) var snapshot: Snapshot?
    /// By role and delegator: two roles may delegate to one name with different keys.
    private var targets: [Delegation: Targets] = [:]

    private struct Delegation: Hashable {
        var role: [UInt8]
        var delegator: [UInt8]

        init(_ role: String, from delegator: String) {
            self.role = Array(role.utf8)
            self.delegator = Array(delegator.utf8)
        }
    }

    /// `trustedRoot` is trusted because a person or an earlier run chose it; it must still be signed by itself.
    public init(trustedRoot: [UInt8], referenceTime: Date) throws(TUFError) {
        let document = try SignedMetadata(parsing: trustedRoot, role: "root")
        root = try document.unchecked(as: Root.self, role: "root")
        try document.verify(by: root[.root], role: "root")
        self.referenceTime = referenceTime
    }

    /// The next root (5.3.4–5.3.7).
    public mutating func updateRoot(_ bytes: [UInt8]) throws(TUFError) {
        precondition(timestamp == nil, "roots come before the timestamp")
        let document = try SignedMetadata(parsing: bytes, role: "root")
        let new = try document.verified(as: Root.self, by: root[.root], role: "root")
        guard new.version == root.version + 1 else {
            throw TUFError(
                .wrongVersion, "version \(new.version) where \(root.version + 1) was expected", role: "root")
        }
        try document.verify(by: new[.root], role: "root")
        root = new
    }

    /// Returns `false`, and keeps the old one, when the version has not changed (5.4).
    @discardableResult
    public mutating func updateTimestamp(_ bytes: [UInt8]) throws(TUFError) -> Bool {
        precondition(snapshot == nil, "the timestamp comes before the snapshot")
        try checkExpiry(root.header, role: "root")
        let document = try SignedMetadata(parsing: bytes, role: "timestamp")
        let new = try document.verified(as: Timestamp.self, by: root[.timestamp], role: "timestamp")
        if let old = timestamp {
            try checkNotOlder(new.version, than: old.version, role: "timestamp")
            if new.version == old.version { return false }
            try checkNotOlder(new.snapshot.version, than: old.snapshot.version, role: "snapshot")
        }
        timestamp = new
        try checkExpiry(new.header, role: "timestamp")
        return true
    }

    /// `isLocal`: checked against its hash when it was fetched; the timestamp may have moved on since (5.5).
    public mutating func updateSnapshot(_ bytes: [UInt8], isLocal: Bool = false) throws(TUFError) {
        let promised = try finalTimestamp().snapshot
        precondition(targets.isEmpty, "the snapshot comes before the targets")
        if !isLocal { try promised.check(bytes, role: "snapshot") }
        let document = try SignedMetadata(parsing: bytes, role: "snapshot")
        let new = try document.verified(as: Snapshot.self, by: root[.snapshot], role: "snapshot")
        if let old = snapshot {
            for name in old.fileNames {
                guard let before = old.file(name) else { continue }
                guard let now = new.file(name) else {
                    throw TUFError(.rollback, "\(name) has disappeared from it", role: "snapshot")
                }
                try checkNotOlder(now.version, than: before.version, role: name)
            }
        }
        snapshot = new
        _ = try finalSnapshot()
    }

    /// 5.6.1–5.6.6, for `targets` (delegated by `root`) and for delegated roles.
    public mutating func updateTargets(
        _ bytes: [UInt8], role: String = "targets", delegator: String = "root", grandparent: String? = nil
    ) throws(TUFError) {
        let promised = try targetsFile(role)
        try promised.check(bytes, role: role)
        let document = try SignedMetadata(parsing: bytes, role: role)
        let keys = try keys(of: role, delegator: delegator, grandparent: grandparent)
        let new = try document.verified(as: Targets.self, by: keys, role: role)
        guard new.version == promised.version else {
            throw TUFError(
                .wrongVersion, "version \(new.version), but the snapshot says \(promised.version)", role: role)
        }
        try checkExpiry(new.header, role: role)
        targets[Delegation(role, from: delegator)] = new
    }

    public func targets(_ role: String, delegator: String) -> Targets? { targets[Delegation(role, from: delegator)] }

    /// What the final snapshot says of a targets role.
    public func targetsFile(_ role: String) throws(TUFError) -> MetaFile {
        guard let file = try finalSnapshot().file("\(role).json") else {
            throw TUFError(.notFound, "the snapshot does not list it", role: role)
        }
        return file
    }

    private func keys(of role: String, delegator: String, grandparent: String?) throws(TUFError) -> RoleKeys {
        if delegator == "root" { return root[.targets] }
        let delegating = targets.first { entry in
            entry.key.role == Array(delegator.utf8)
                && (grandparent.map { entry.key.delegator == Array($0.utf8) } ?? true)
        }
        guard let keys = delegating?.value.delegations?.keys(of: role) else {
            throw TUFError(.threshold, "\(delegator) does not delegate to it", role: role)
        }
        return keys
    }

    /// Throws `expired` when the timestamp that is used for comparison may not be built on.
    public func checkTimestamp() throws(TUFError) { _ = try finalTimestamp() }

    private func finalTimestamp() throws(TUFError) -> Timestamp {
        guard let timestamp else { preconditionFailure("the timestamp comes before the snapshot") }
        try checkExpiry(timestamp.header, role: "timestamp")
        return timestamp
    }

    private func finalSnapshot() throws(TUFError) -> Snapshot {
        guard let snapshot else { preconditionFailure("the snapshot comes before the targets") }
        try checkExpiry(snapshot.header, role: "snapshot")
        let promised = try finalTimestamp().snapshot.version
        guard snapshot.version == promised else {
            throw TUFError(
                .wrongVersion, "version \(snapshot.version), but the timestamp says \(promised)", role: "snapshot")
        }
        return snapshot
    }

    private func checkExpiry(_ header: MetadataHeader, role: String) throws(TUFError) {
        guard referenceTime < header.expires else {
            throw TUFError(
                .expired,
                "expired at \(MetadataDate.format(header.expires)), it is \(MetadataDate.format(referenceTime)) now",
                role: role)
        }
    }

    private func checkNotOlder(_ new: Int64, than old: Int64, role: String) throws(TUFError) {
        guard new >= old else {
            throw TUFError(.rollback, "version \(new) is older than \(old), which was trusted before", role: role)
        }
    }
}
