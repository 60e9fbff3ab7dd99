// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images

/// Where a registry's API answers: a scheme, a host and a port.
package struct RegistryAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Hashable, Sendable { case http, https }

    package var scheme: Scheme
    /// An IPv6 address without brackets.
    package var host: String
    package var port: Int

    package init(scheme: Scheme, host: String, port: Int? = nil) {
        (self.scheme, self.host, self.port) = (scheme, host, port ?? (scheme == .http ? 80 : 443))
    }

    /// The base of every request: `https://registry.example:5000`.
    package var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(name)\(port == (scheme == .http ? 80 : 443) ? "" : ":\(port)")"
    }

    /// `HOST` or `HOST:PORT`, as references and Docker's directories of certificates have it.
    package var hostAndPort: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (scheme == .http ? 80 : 443) ? name : "\(name):\(port)"
    }

    /// Whether it is this machine itself: `localhost`, 127.0.0.0/8 or ::1.
    package static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Host and port of the first part of a reference's name.
    ///
    /// - Throws: `Failure` where the port is none.
    package static func split(_ domain: String) throws(Failure) -> (host: String, port: Int?) {
        var rest = domain[...]
        var host: Substring
        if rest.hasPrefix("["), let bracket = rest.firstIndex(of: "]") {
            host = rest[rest.index(after: rest.startIndex)..<bracket]
            rest = rest[rest.index(after: bracket)...]
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(host.count)
        }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else {
            throw Failure("registry \(domain): \(rest.dropFirst()) is no port")
        }
        return (String(host), Int(port))
    }
}
