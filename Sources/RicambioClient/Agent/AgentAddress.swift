// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore

/// Where an agent is: `https://server:8443`.
struct AgentAddress: Sendable, Hashable {
    /// Without a slash at the end.
    var base: String
    var host: String
    var port: Int
    var isTLS: Bool

    /// Plain `http` is accepted only on the machine itself: a token must not cross a network in the clear.
    init(_ url: String) throws(ClientError) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.trimmingCharacters(in: ["[", "]"]), !host.isEmpty,
            parts.user == nil, parts.query == nil, parts.fragment == nil
        else {
            throw ClientError(.invalidAddress, "\(url) is not an address like https://server:8443.")
        }
        switch scheme {
        case "https":
            isTLS = true
        case "http" where Self.isLoopback(host):
            isTLS = false
        case "http":
            throw ClientError(.invalidAddress, "\(url) is not an https address: agents are reached over TLS only.")
        default:
            throw ClientError(.invalidAddress, "\(url) is not an https address.")
        }
        self.host = host
        port = parts.port ?? (isTLS ? 443 : 80)
        base = String(url.reversed().drop { $0 == "/" }.reversed())
    }

    /// What goes into the TLS handshake; an IP address must not.
    var serverName: String? {
        (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil
    }

    func url(_ path: String) -> String { "\(base)/v1/\(path)" }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && SocketAddress.isIPAddress(host))
    }
}

extension SocketAddress {
    fileprivate static func isIPAddress(_ text: String) -> Bool {
        (try? SocketAddress(ipAddress: text, port: 0)) != nil
    }
}

extension String {
    /// As one segment of a path, or a value of a query: everything but RFC 3986's unreserved characters is escaped.
    var percentEncoded: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}
