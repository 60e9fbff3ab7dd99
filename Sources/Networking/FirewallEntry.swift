// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Netlink

/// One entry of a set or map of the firewall. Pure: what to say, not how it gets to the kernel.
///
/// It is trice's own transaction: libnftables reads all intervals of a table before it adds an element to any of its sets, so
/// that a container's start would take the longer the more networks there are.
package struct FirewallEntry: Hashable, Sendable {
    let set: NetfilterSet
    /// An interval has two: where it begins, and where it ends.
    let elements: [SetElement]

    /// - Parameter fields: the concatenated fields of the key, and of what it leads to in a map.
    init(_ set: NetfilterSet, _ key: [UInt8]..., to data: [[UInt8]]? = nil) {
        let element = SetElement(SetElement.concatenation(key), data: data.map(SetElement.concatenation))
        (self.set, elements) = (set, [element])
    }

    /// The interval of a subnet's addresses.
    init(_ set: NetfilterSet, _ subnet: IPv4Prefix) {
        self.init(set, from: subnet.first, to: subnet.last, following: IPv4Address(subnet.last.value &+ 1))
    }

    /// The interval of a subnet's addresses.
    init(_ set: NetfilterSet, _ subnet: IPv6Prefix) {
        self.init(set, from: subnet.address, to: subnet.last, following: subnet.last.next)
    }

    private init<Address: NetworkAddress & Comparable>(
        _ set: NetfilterSet, from first: Address, to last: Address, following next: Address
    ) {
        let end = next > last ? [SetElement(next.bytes, isIntervalEnd: true)] : []
        (self.set, elements) = (set, [SetElement(first.bytes)] + end)
    }

    /// What adds the entries: those of one set that follow on each other are one request.
    static func adding(_ entries: some Collection<FirewallEntry>) -> [NetlinkRequest] {
        requests(entries, NetfilterRequest.add)
    }

    /// What deletes the entries.
    static func deleting(_ entries: some Collection<FirewallEntry>) -> [NetlinkRequest] {
        requests(entries) { NetfilterRequest.delete($0, from: $1) }
    }

    private static func requests(
        _ entries: some Collection<FirewallEntry>, _ request: ([SetElement], NetfilterSet) -> [NetlinkRequest]
    ) -> [NetlinkRequest] {
        var runs: [(set: NetfilterSet, elements: [SetElement])] = []
        for entry in entries {
            if runs.last?.set == entry.set {
                runs[runs.count - 1].elements += entry.elements
            } else {
                runs.append((entry.set, entry.elements))
            }
        }
        return runs.flatMap { request($0.elements, $0.set) }
    }
}

extension String {
    /// A link's name as nf_tables compares it: IFNAMSIZ (16) bytes, filled up with zeros. Longer ones are cut.
    var interfaceKey: [UInt8] {
        let name = utf8.prefix(15)
        return name + [UInt8](repeating: 0, count: 16 - name.count)
    }
}
