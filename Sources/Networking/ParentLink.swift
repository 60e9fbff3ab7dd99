// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Netlink

/// A link of the host that a network's containers have links of their own on, in place of a bridge: they are neighbours on
/// whatever that link leads to (Docker's drivers macvlan and ipvlan).
package struct ParentLink: Codable, Hashable, Sendable {
    /// How containers share it.
    package enum Sharing: Codable, Hashable, Sendable {
        /// Each has a hardware address of its own.
        case macvlan(MacvlanMode)
        /// All have the parent's.
        case ipvlan(IPVLANMode, IPVLANFlag)

        /// As Docker calls the driver.
        package var driver: String {
            switch self {
            case .macvlan: "macvlan"
            case .ipvlan: "ipvlan"
            }
        }
    }

    /// Where the link comes from.
    package enum Origin: Codable, Hashable, Sendable {
        /// It is the host's.
        case host
        /// It is made with the network, and goes with it: an 802.1Q VLAN of a link of the host.
        case vlan(of: String, id: UInt16)
        /// It is made with the network, goes with it, and leads nowhere.
        case dummy
    }

    package var name: String
    package var origin: Origin
    package var sharing: Sharing

    package init(_ name: String, _ origin: Origin, _ sharing: Sharing) {
        (self.name, self.origin, self.sharing) = (name, origin, sharing)
    }

    /// The parent that a name stands for which no link of the host has: `eth0.50` is VLAN 50 of `eth0`. Nil for any other.
    package static func vlan(named name: String) -> Origin? {
        guard let dot = name.lastIndex(of: "."), let id = UInt16(name[name.index(after: dot)...]),
            (1...4094).contains(id), dot > name.startIndex
        else { return nil }
        return .vlan(of: String(name[..<dot]), id: id)
    }
}

extension NetworkHost {
    /// Makes the link where it is the network's own, or finds it.
    ///
    /// - Returns: its index.
    /// - Throws: ENODEV where the host has no such link, EOPNOTSUPP where the kernel has none of the kind.
    package func create(_ parent: ParentLink) throws -> Int32 {
        let request: NetlinkRequest? =
            switch parent.origin {
            case .host: nil
            case .vlan(let link, let id): LinkRequest.addVLAN(.init(parent.name), on: try index(ofLink: link), id: id)
            case .dummy: LinkRequest.addDummy(.init(parent.name))
            }
        guard let request else { return try index(ofLink: parent.name) }
        if let refusal = try socket.attempt([request])[0], refusal.errno != EEXIST {
            throw NetlinkError.refused(refusal)
        }
        try socket.perform([LinkRequest.set(.name(parent.name), up: true)])
        return try index(ofLink: parent.name)
    }

    /// Removes the link where it is the network's own. One that is not there is no error.
    package func remove(_ parent: ParentLink) throws {
        if parent.origin != .host { try disconnect(hostNames: [parent.name]) }
    }
}
