// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// An address of HTTP taken apart: who is asked, and for what (RFC 3986; RFC 9110, 4.2).
package struct URLParts: Hashable, Sendable, CustomStringConvertible {
    package var address: RegistryAddress
    /// Path and query, from the slash on.
    package var target: String

    package init(address: RegistryAddress, target: String) { (self.address, self.target) = (address, target) }

    /// nil where it is no absolute http or https address, or names a user.
    package init?(_ text: String) {
        for scheme in [RegistryAddress.Scheme.http, .https] where text.lowercased().hasPrefix("\(scheme.rawValue)://") {
            let rest = text.dropFirst(scheme.rawValue.count + 3).prefix { $0 != "#" }
            guard rest.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value < 127 }) else { return nil }
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard !authority.isEmpty, !authority.contains("@"),
                let (host, port) = try? RegistryAddress.split(String(authority)), !host.isEmpty
            else { return nil }
            address = RegistryAddress(scheme: scheme, host: host.lowercased(), port: port)
            let path = rest.dropFirst(authority.count)
            target = path.hasPrefix("/") ? String(path) : "/\(path)"
            return
        }
        return nil
    }

    package var description: String { "\(address)\(target)" }

    /// The address that a `Location` means, seen from this one (RFC 9110, 10.2.2).
    package func resolving(_ location: String) -> URLParts? {
        if let absolute = URLParts(location) { return absolute }
        if location.hasPrefix("//") { return URLParts("\(address.scheme.rawValue):\(location)") }
        guard !location.contains("://"), location.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value < 127 }) else {
            return nil
        }
        if location.hasPrefix("/") { return URLParts(address: address, target: location) }
        let path = target.prefix { $0 != "?" }
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return URLParts(address: address, target: directory + location)
    }

    /// `a=1&b=2`
    package static func query(_ values: [(name: String, value: String)]) -> String {
        values.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }.joined(separator: "&")
    }

    /// With one more value in its query.
    package func adding(_ name: String, _ value: String) -> URLParts {
        var result = self
        result.target += (target.contains("?") ? "&" : "?") + URLParts.query([(name, value)])
        return result
    }
}
