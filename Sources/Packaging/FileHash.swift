// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// SHA-256 of bytes in memory, in lower-case hex.
public enum ContentHash {
    public static func sha256(_ bytes: [UInt8]) -> String { sha256Hex(bytes) }
}
