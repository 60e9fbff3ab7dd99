// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// The short syntax of `ports` (Compose Specification, 05-services.md): `[[HOST_IP:][HOST]:]CONTAINER[/PROTOCOL]`, where HOST
/// and CONTAINER may be ranges.
package enum PortSyntax {
    package enum Failure: Error, Hashable, Sendable {
        case noContainerPort
        case address(String)
        case containerPort(String)
        case hostPort(String)
        case `protocol`(String)
        case ranges(container: String, host: String)

        package var message: String {
            switch self {
            case .noContainerPort: "no port specified"
            case .address(let text): "invalid IP address: \(text)"
            case .containerPort(let text): "invalid containerPort: \(text)"
            case .hostPort(let text): "invalid hostPort: \(text)"
            case .protocol(let text): "invalid proto: \(text)"
            case .ranges(let container, let host):
                "invalid ranges specified for container and host Ports: \(container) and \(host)"
            }
        }
    }

    /// One mapping for each port of the container.
    package static func parse(_ text: String) throws(Failure) -> [PortMapping] {
        var rest = text[...]
        var transport = PortMapping.TransportProtocol.tcp
        if let slash = rest.lastIndex(of: "/") {
            let word = rest[rest.index(after: slash)...]
            guard let known = PortMapping.TransportProtocol(rawValue: word.lowercased()) else {
                throw .protocol(String(word))
            }
            transport = known
            rest = rest[..<slash]
        }
        let (before, container) = cut(rest)
        let (address, host) = before.map { cut($0) } ?? (nil, "")
        guard !container.isEmpty else { throw .noContainerPort }
        let hostIP = try address.flatMap { (text) throws(Failure) in try self.address(text) }
        guard let targets = range(container), targets.first > 0 else { throw .containerPort(String(container)) }
        guard !host.isEmpty else {
            return (targets.first...targets.last).map { PortMapping(hostIP: hostIP, target: $0, protocol: transport) }
        }
        guard let published = range(host) else { throw .hostPort(String(host)) }
        if targets.count == 1 {
            return [PortMapping(hostIP: hostIP, published: published, target: targets.first, protocol: transport)]
        }
        guard targets.count == published.count else { throw .ranges(container: String(container), host: String(host)) }
        return zip(targets.first...targets.last, published.first...published.last).map { target, port in
            PortMapping(hostIP: hostIP, published: PortRange(port), target: target, protocol: transport)
        }
    }

    /// `80` or `80-90`; nil if it is neither, or out of 0–65535.
    package static func range(_ text: some StringProtocol) -> PortRange? {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = port(parts[0]), let last = parts.count > 1 ? port(parts[1]) : first, first <= last else {
            return nil
        }
        return PortRange(first: first, last: last)
    }

    private static func port(_ text: some StringProtocol) -> UInt16? {
        text.utf8.allSatisfy(\.isASCIIDigit) ? UInt16(text) : nil
    }

    /// What is before the last colon, if there is one, and what is after it.
    private static func cut(_ text: Substring) -> (Substring?, Substring) {
        guard let colon = text.lastIndex(of: ":") else { return (nil, text) }
        return (text[..<colon], text[text.index(after: colon)...])
    }

    /// An IPv4 or IPv6 address, the latter in brackets or not; nil for none.
    private static func address(_ text: Substring) throws(Failure) -> String? {
        guard !text.isEmpty else { return nil }
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : String(text)
        guard isAddress(bare) else { throw .address(bare) }
        return bare
    }

    /// Whether it is an IPv4 or IPv6 address.
    package static func isAddress(_ text: String) -> Bool {
        guard !text.utf8.contains(0) else { return false }
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }
}
