// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Foundation
internal import TUF

/// Verifying ed25519 through TUF's keys, beside the library that does the work.
enum SignatureBench {
    private static let rounds = 15
    private static let checks = 500

    static func run(_ report: inout Report) throws {
        let signer = Curve25519.Signing.PrivateKey()
        let document = (0..<2048).map { UInt8(truncatingIfNeeded: $0) }
        let signature = Array(try signer.signature(for: document))
        let own = PublicKey(ed25519: Array(signer.publicKey.rawRepresentation))
        let library = signer.publicKey
        var (ours, theirs): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            ours.append(timed { for _ in 0..<checks { precondition(own.isValid(signature, for: document)) } })
            theirs.append(
                timed { for _ in 0..<checks { precondition(library.isValidSignature(signature, for: document)) } })
        }
        let perCheck = 1e6 / Double(checks)
        report.add(
            Measurement(
                name: "one ed25519 check", value: median(ours) * perCheck, unit: "µs", peer: "swift-crypto",
                peerValue: median(theirs) * perCheck, bar: 1.1))
    }
}
