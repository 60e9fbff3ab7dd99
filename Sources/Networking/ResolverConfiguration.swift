// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What resolv.conf(5) says: who is asked, and how.
package struct ResolverConfiguration: Hashable, Sendable {
    /// At most three count (MAXNS).
    package var nameservers: [SocketAddress.Host]
    package var search: [String]
    package var options: [String]

    package init(nameservers: [SocketAddress.Host] = [], search: [String] = [], options: [String] = []) {
        (self.nameservers, self.search, self.options) = (nameservers, search, options)
    }

    /// Reads a resolv.conf. What is not understood is passed over, as the C library does; of several `search` or `domain`
    /// lines the last counts. A nameserver with a zone (`fe80::1%eth0`) is left out.
    package init(parsing text: String) {
        self.init()
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let keyword = words.first else { continue }
            switch keyword {
            case "nameserver":
                guard words.count > 1 else { continue }
                if let address = IPv4Address(words[1]) {
                    nameservers.append(.v4(address))
                } else if let address = IPv6Address(words[1]) {
                    nameservers.append(.v6(address))
                }
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: continue
            }
        }
        nameservers = Array(nameservers.prefix(3))
    }

    /// Port 53 of the nameservers; 127.0.0.1 where the file names none, as resolv.conf(5) says.
    package var upstreams: [SocketAddress] {
        nameservers.isEmpty
            ? [SocketAddress(IPv4Address.loopback, port: 53)] : nameservers.map { SocketAddress($0, port: 53) }
    }

    /// The file inside a container that is in a network with names: the resolver in front, the host's search list unless
    /// the service has its own, and `ndots:0` unless the service says otherwise: a service's name is asked for as it is.
    package static func container(
        host: ResolverConfiguration, search: [String] = [], options: [String] = []
    ) -> ResolverConfiguration {
        ResolverConfiguration(
            nameservers: [.v4(resolverAddress)],
            // "." alone means: no search list (docker's --dns-search=.).
            search: search == ["."] ? [] : search.isEmpty ? host.search : search,
            options: options.contains { $0.hasPrefix("ndots:") } ? options : options + ["ndots:0"])
    }

    /// The text of the file.
    package var text: String {
        var lines = nameservers.map { server in
            switch server {
            case .v4(let address): "nameserver \(address)"
            case .v6(let address): "nameserver \(address)"
            }
        }
        if !search.isEmpty { lines.append("search \(search.joined(separator: " "))") }
        if !options.isEmpty { lines.append("options \(options.joined(separator: " "))") }
        return lines.map { "\($0)\n" }.joined()
    }
}

/// Where a container finds its resolver, as with Docker.
package let resolverAddress = IPv4Address(0x7f00_000b)
