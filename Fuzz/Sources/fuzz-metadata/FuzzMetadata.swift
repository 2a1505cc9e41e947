// SPDX-License-Identifier: Apache-2.0
import TUF

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Any bytes as each role's metadata: refused by an error of this library, or read without a trap; and never trusted without
/// the signatures that a root asks for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMetadata(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    guard let document = try? SignedMetadata(parsing: bytes, role: "fuzz") else { return 0 }
    precondition(document.bytes == bytes, "the repository's own bytes are what is stored")
    _ = try? document.unchecked(as: Timestamp.self, role: "timestamp")
    if let snapshot = try? document.unchecked(as: Snapshot.self, role: "snapshot") {
        for name in snapshot.fileNames { precondition(snapshot.file(name) != nil) }
    }
    if let targets = try? document.unchecked(as: Targets.self, role: "targets") { read(targets) }
    guard let root = try? document.unchecked(as: Root.self, role: "root") else { return 0 }
    for role in TopLevelRole.allCases {
        let isSigned = (try? document.verify(by: root[role], role: "root")) != nil
        precondition(!isSigned || document.signatures.count >= root[role].threshold)
    }
    // As its own trusted root, and as the successor of itself: a version never follows itself.
    guard var trusted = try? TrustedMetadata(trustedRoot: bytes, referenceTime: Date(timeIntervalSince1970: 0)) else {
        return 0
    }
    precondition((try? trusted.updateRoot(bytes)) == nil)
    _ = try? trusted.updateTimestamp(bytes)
    return 0
}

private func read(_ targets: Targets) {
    for path in targets.paths + ["", "a/b", "ünï/*"] {
        if let file = try? targets.target(path) {
            precondition(file.length >= 0 && !file.location(consistentSnapshot: true).isEmpty)
        }
        guard let delegations = targets.delegations else { continue }
        for role in delegations.roles(for: path) {
            precondition(delegations.keys(of: role.name) != nil, "who may speak has keys")
        }
    }
}
