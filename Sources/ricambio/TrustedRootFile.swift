// SPDX-License-Identifier: Apache-2.0
import Foundation
import Installation
import Platform
import SystemPackage
import TUF

/// The root that the person named; a damaged one is no fault of the vendor's repository.
enum TrustedRootFile {
    static func read(_ root: String, _ fileSystem: any FileSystem) throws(UpdateFailure) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(FilePath(root), limit: UpdaterLimits().rootBytes)
        } catch {
            throw UpdateFailure(.rootUnusable, ["path": root, "reason": error.code.reason])
        }
        do {
            _ = try TrustedMetadata(trustedRoot: bytes, referenceTime: Date())
        } catch {
            throw UpdateFailure(.rootUnusable, ["path": root, "reason": error.reason])
        }
        return bytes
    }
}
