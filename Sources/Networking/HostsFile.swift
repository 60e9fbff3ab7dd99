// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The text of a container's /etc/hosts (hosts(5)).
package struct HostsFile: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var address: String
        package var names: [String]
        package init(_ address: String, _ names: [String]) { (self.address, self.names) = (address, names) }
    }

    package var entries: [Entry]

    /// As Docker writes it: localhost, the names of IPv6 where the container has it, what `extra_hosts` asks for, then the
    /// container's own addresses with its full name and its short one.
    ///
    /// - Parameters:
    ///   - extraHosts: in the order of the file; the address `host-gateway` is replaced by `gateway`, and the entry left out
    ///     where there is none.
    ///   - addresses: the container's own, of all its networks.
    package init(
        hostname: String, domain: String? = nil, addresses: [any CustomStringConvertible],
        extraHosts: [(name: String, address: String)] = [], gateway: (any CustomStringConvertible)? = nil,
        hasIPv6: Bool = false
    ) {
        entries = [Entry("127.0.0.1", ["localhost"])]
        if hasIPv6 {
            entries += [
                Entry("::1", ["localhost", "ip6-localhost", "ip6-loopback"]), Entry("fe00::", ["ip6-localnet"]),
                Entry("ff00::", ["ip6-mcastprefix"]), Entry("ff02::1", ["ip6-allnodes"]),
                Entry("ff02::2", ["ip6-allrouters"]),
            ]
        }
        for host in extraHosts {
            if host.address != "host-gateway" {
                entries.append(Entry(host.address, [host.name]))
            } else if let gateway {
                entries.append(Entry(gateway.description, [host.name]))
            }
        }
        let short = hostname.split(separator: ".", maxSplits: 1).first.map(String.init) ?? hostname
        let full = domain.map { "\(hostname).\($0)" } ?? hostname
        let names = full == short ? [short] : [full, short]
        entries += addresses.map { Entry($0.description, names) }
    }

    package var text: String { entries.map { "\($0.address)\t\($0.names.joined(separator: " "))\n" }.joined() }
}
