// SPDX-License-Identifier: Apache-2.0

/// Where a repository is in an S3-compatible store, and how to address it.
///
/// Objects are addressed by path, `ENDPOINT/BUCKET/KEY`: every compatible store understands that, whatever its name's
/// certificate and name server allow.
public struct S3Bucket: Sendable, Hashable {
    public let name: String
    /// Empty, or ends with a slash.
    public let prefix: String
    /// `https` or `http`.
    public let scheme: String
    /// With the port unless it is the scheme's own.
    public let host: String
    public let region: String

    /// - Parameters:
    ///   - address: `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    ///   - endpoint: `https://HOST[:PORT]`; if `nil`, Amazon's own in `region`.
    /// Throws a sentence for the person who gave them.
    public init(address: String, endpoint: String?, region: String) throws(StoreError) {
        let (name, prefix) = try Self.parts(of: address)
        guard !region.isEmpty, region.utf8.allSatisfy({ Self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }) else {
            throw StoreError(.malformed, "“\(region)” is no region: it looks like eu-south-1")
        }
        self.name = name
        self.prefix = prefix
        self.region = region
        (scheme, host) = try Self.endpoint(endpoint ?? "https://s3.\(region).amazonaws.com")
    }

    /// Of an object, from the server's root; not encoded.
    func path(of object: String) -> String { "/\(name)/\(prefix)\(object)" }

    /// What readers of a public bucket give as the repository's address.
    public var readersURL: String { "\(scheme)://\(host)/\(name)/\(prefix)" }

    private static func parts(of address: String) throws(StoreError) -> (name: String, prefix: String) {
        let scheme = "s3://"
        guard address.hasPrefix(scheme) else {
            throw StoreError(.malformed, "“\(address)” does not look like s3://bucket/prefix")
        }
        var parts = address.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        if parts.last == "" { parts.removeLast() }
        guard let name = parts.first, isBucketName(name) else {
            throw StoreError(
                .malformed, "“\(address)” has no bucket's name: 3 to 63 lower-case letters, digits, “-” and “.”")
        }
        let isPlain = parts.dropFirst().allSatisfy { part in
            part != "" && part != "." && part != ".." && part.unicodeScalars.allSatisfy { $0.value > 0x20 }
        }
        guard isPlain else {
            throw StoreError(.malformed, "the prefix of “\(address)” has an empty part, “.”, “..” or a space")
        }
        return (String(name), parts.dropFirst().map { "\($0)/" }.joined())
    }

    private static func isBucketName(_ name: Substring) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
            && !name.contains("..") && name.first?.isPunctuation == false && name.last?.isPunctuation == false
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }

    private static func endpoint(_ text: String) throws(StoreError) -> (scheme: String, host: String) {
        let wrong = StoreError(.malformed, "the endpoint “\(text)” does not look like https://host or http://host:port")
        guard let colon = text.range(of: "://") else { throw wrong }
        let scheme = text[..<colon.lowerBound].lowercased()
        var host = text[colon.upperBound...].lowercased()
        if host.hasSuffix("/") { host.removeLast() }
        let own = scheme == "https" ? ":443" : ":80"
        if host.hasSuffix(own) { host.removeLast(own.count) }
        let isHost = host.utf8.allSatisfy { isAlphanumeric($0) || "-.:[]".utf8.contains($0) }
        guard scheme == "https" || scheme == "http", !host.isEmpty, isHost else { throw wrong }
        return (scheme, host)
    }
}
