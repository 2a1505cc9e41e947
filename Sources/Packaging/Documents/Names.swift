// SPDX-License-Identifier: Apache-2.0

/// The names of things in a repository, which are also parts of paths and URLs: `docs/repository-format.md`.
public enum RepositoryNames {
    /// TUF's own roles, and what a product's folder would hide.
    private static let reserved: Set<String> = ["root", "targets", "snapshot", "timestamp"]

    /// A product or channel: lower-case letters, digits and `-`, starting with a letter or digit, at most 64 of them.
    public static func isValid(product name: String) -> Bool {
        isValid(name, others: [UInt8(ascii: "-")]) && !reserved.contains(name)
    }

    public static func isValid(channel name: String) -> Bool {
        isValid(name, others: [UInt8(ascii: "-")])
    }

    /// Operating system and architecture, such as `linux-x86_64`.
    public static func isValid(platform name: String) -> Bool {
        isValid(name, others: [UInt8(ascii: "-"), UInt8(ascii: "_")])
    }

    public static func channel(_ channel: String, of product: String) -> String {
        "\(product)/channels/\(channel).json"
    }

    public static func release(_ version: String, of product: String) -> String {
        "\(product)/\(version)/release.json"
    }

    public static func tree(_ component: String, _ platform: String, _ version: String, of product: String) -> String {
        "\(product)/\(version)/\(component)-\(platform).tree.zst"
    }

    /// Relative to the repository's base URL.
    public static func pack(_ sha256: String) -> String { "packs/\(sha256)" }

    private static func isValid(_ name: String, others: [UInt8]) -> Bool {
        let isPlain = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard let first = name.utf8.first, isPlain(first), name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy { isPlain($0) || others.contains($0) }
    }
}

/// Which part of a product a tree is.
public enum Component: String, Sendable, Hashable, CaseIterable {
    case server
    case client
    case standalone
}
