// SPDX-License-Identifier: Apache-2.0
internal import Packaging
internal import TUFRepository

/// The channel documents of a repository that is open for changes.
struct Channels {
    var editor: RepositoryEditor
    let product: String

    init(_ product: String, in editor: RepositoryEditor) throws {
        guard editor.hasProduct(product) else {
            throw VendorError(.notFound, "The repository has no product “\(product)”.")
        }
        self.product = product
        self.editor = editor
    }

    /// By name.
    func all() throws -> [ChannelDocument] {
        let prefix = product + "/channels/"
        return try editor.targets(of: product).filter { $0.path.hasPrefix(prefix) }.map {
            try ChannelDocument.decoded(from: try editor.bytes(of: $0), at: $0.path)
        }.sorted { $0.channel < $1.channel }
    }

    func named(_ name: String) throws -> ChannelDocument {
        let all = try all()
        guard let channel = all.first(where: { $0.channel == name }) else {
            let names = all.map(\.channel).joined(separator: ", ")
            throw VendorError(.notFound, "\(product) has no channel “\(name)”; there are: \(names).")
        }
        return channel
    }

    /// A version as it was published, so that `2.0.0` is its `2.0`.
    func spelling(of text: String) throws -> String {
        guard let version = Version(text),
            let found = try VendorFolder.versions(of: product, in: editor).first(where: { $0 == version })
        else { throw VendorError(.notFound, "\(product) has no release “\(text)”.") }
        return found.text
    }

    mutating func put(_ channel: ChannelDocument) throws {
        try channel.check()
        try editor.addTarget(
            product: product, path: RepositoryNames.channel(channel.channel, of: product), bytes: try channel.encoded())
    }
}
