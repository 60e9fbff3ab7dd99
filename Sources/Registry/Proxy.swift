// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// The proxies that the environment names: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, or the same in lower case, which win.
package struct ProxySettings: Hashable, Sendable {
    package struct Proxy: Hashable, Sendable {
        package var host: String
        package var port: Int
        package var user: String?
        package var password: String?
    }

    private var http: Proxy?
    private var https: Proxy?
    private var exceptions: [String] = []

    /// - Throws: `Failure` naming the variable whose value is no address.
    package init(_ environment: [String: String]) throws(Failure) {
        func value(_ name: String) -> (name: String, value: String)? {
            for name in [name.lowercased(), name] {
                if let value = environment[name], !value.isEmpty { return (name, value) }
            }
            return nil
        }
        if let (name, text) = value("HTTP_PROXY") { http = try ProxySettings.proxy(text, name) }
        if let (name, text) = value("HTTPS_PROXY") { https = try ProxySettings.proxy(text, name) }
        if let (_, text) = value("NO_PROXY") {
            exceptions = text.split(whereSeparator: { $0 == "," || $0 == " " }).map { $0.lowercased() }
        }
    }

    /// The proxy for an address; nil where it is reached directly, as this machine itself always is.
    package func proxy(for address: RegistryAddress) -> Proxy? {
        if RegistryAddress.isLoopback(address.host) { return nil }
        let host = address.host.lowercased()
        for exception in exceptions {
            if exception == "*" { return nil }
            var pattern = exception[...]
            if let colon = pattern.lastIndex(of: ":"), let port = Int(pattern[pattern.index(after: colon)...]) {
                if port != address.port { continue }
                pattern = pattern[..<colon]
            }
            if pattern.hasPrefix("*.") { pattern = pattern.dropFirst() }
            let name = pattern.hasPrefix(".") ? pattern.dropFirst() : pattern
            if (host == name && !pattern.hasPrefix(".")) || host.hasSuffix(".\(name)") { return nil }
            if ProxySettings.contains(String(pattern), host) { return nil }
        }
        return address.scheme == .http ? http : https
    }

    /// Whether an IPv4 network in the notation `10.0.0.0/8` has the address.
    private static func contains(_ network: String, _ host: String) -> Bool {
        let parts = network.split(separator: "/")
        guard parts.count == 2, let length = Int(parts[1]), (0...32).contains(length), let base = number(parts[0]),
            let address = number(host[...])
        else { return false }
        let mask: UInt32 = length == 0 ? 0 : ~0 << UInt32(32 - length)
        return base & mask == address & mask
    }

    private static func number(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var result: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part) else { return nil }
            result = result << 8 | UInt32(byte)
        }
        return result
    }

    private static func proxy(_ text: String, _ variable: String) throws(Failure) -> Proxy {
        var rest = text[...]
        if rest.hasPrefix("http://") {
            rest = rest.dropFirst(7)
        } else if let end = rest.firstRange(of: "://") {
            throw Failure("\(variable): a proxy is spoken to by http, not by \(rest[..<end.lowerBound])")
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var credentials: [String] = []
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map {
                percentDecoded(String($0))
            }
            rest = rest[rest.index(after: at)...]
        }
        let address: (host: String, port: Int?)
        do throws(Failure) { address = try RegistryAddress.split(String(rest)) } catch {
            throw Failure("\(variable): \(text) is no address of a proxy", hint: "an address is http://HOST:PORT")
        }
        guard !address.host.isEmpty else { throw Failure("\(variable): \(text) names no host") }
        return Proxy(
            host: address.host, port: address.port ?? 80, user: credentials.first,
            password: credentials.count > 1 ? credentials[1] : nil)
    }
}

/// `%41` as `A` (RFC 3986, 2.1); what is no such triplet stays.
package func percentDecoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == 0x25, rest.count >= 2,
            let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(code)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// Everything but unreserved characters as `%41` (RFC 3986, 2.3): a value of a query.
package func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
            result.unicodeScalars.append(Unicode.Scalar(byte))
        default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return result
}
