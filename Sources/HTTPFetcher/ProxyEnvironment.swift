// SPDX-License-Identifier: Apache-2.0

/// Which proxy the environment asks for, as curl and most other programs read it: `https_proxy`, `http_proxy` and `all_proxy`,
/// in lower or upper case, and `no_proxy` with hosts and domains. This machine itself is never reached through a proxy.
struct ProxyEnvironment: Sendable, Hashable {
    struct Proxy: Sendable, Hashable {
        var host: String
        var port: Int
        /// `user:password`, if the address has them.
        var credentials: String?
    }

    private let http: Proxy?
    private let https: Proxy?
    private let excluded: [String]

    init(_ environment: [String: String]) {
        func value(_ name: String) -> String? {
            [environment[name], environment[name.uppercased()]].lazy.compactMap(\.self).first { !$0.isEmpty }
        }
        let all = value("all_proxy")
        http = (value("http_proxy") ?? all).flatMap(Self.proxy)
        https = (value("https_proxy") ?? all).flatMap(Self.proxy)
        excluded = (value("no_proxy") ?? "").split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    /// `nil` when the request goes straight to its server.
    func proxy(for url: String) -> Proxy? {
        let (scheme, rest) = Self.split(url)
        guard let proxy = scheme == "https" ? https : http else { return nil }
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = Self.host(authority.split(separator: "@").last ?? authority).lowercased()
        return isExcluded(host) ? nil : proxy
    }

    private func isExcluded(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" || host.hasPrefix("127.") {
            return true
        }
        return excluded.contains { entry in
            if entry == "*" { return true }
            let name = Self.host(entry[...])
            let domain = name.hasPrefix("*.") ? name.dropFirst(2) : name.hasPrefix(".") ? name.dropFirst() : name[...]
            return host == domain || host.hasSuffix("." + domain)
        }
    }

    /// The scheme, if there is one, and what follows its `://`.
    private static func split(_ text: String) -> (scheme: String?, rest: Substring) {
        let scheme = text.prefix { $0 != ":" }
        guard text.dropFirst(scheme.count).hasPrefix("://") else { return (nil, text[...]) }
        return (scheme.lowercased(), text.dropFirst(scheme.count + 3))
    }

    /// Without the port, and without the brackets of an IPv6 address.
    private static func host(_ text: Substring) -> String {
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        return String(text.count { $0 == ":" } == 1 ? text.prefix { $0 != ":" } : text)
    }

    private static func proxy(_ text: String) -> Proxy? {
        let (scheme, address) = split(text)
        var rest = address
        // The connection to the proxy itself is plain; what goes through it is not.
        guard scheme ?? "http" == "http" else { return nil }
        rest = rest.prefix { $0 != "/" }
        var credentials: String?
        if let at = rest.lastIndex(of: "@") {
            credentials = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        let host = host(rest)
        let port = rest.split(separator: ":").last.flatMap { Int($0) } ?? 80
        guard !host.isEmpty, (1...65_535).contains(port) else { return nil }
        return Proxy(host: host, port: port, credentials: credentials)
    }
}
