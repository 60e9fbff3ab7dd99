// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Netlink
import Networking

/// What `driver_opts` asks of a network of the drivers `macvlan` and `ipvlan`, in Docker's words (its documentation of them).
struct ParentOptions {
    /// The host's link that containers share; nil: none, the network leads nowhere.
    private var parent: String?
    /// Nil for other drivers.
    private var sharing: ParentLink.Sharing?

    /// The options of a driver; none of one that has no parent.
    static func names(of driver: String?) -> [String] {
        switch driver {
        case "macvlan": ["parent", "macvlan_mode"]
        case "ipvlan": ["parent", "ipvlan_mode", "ipvlan_flag"]
        default: []
        }
    }

    /// - Throws: `Failure` at `driver_opts` for a value that cannot be had.
    init(of network: Network) throws(Failure) {
        let names = ParentOptions.names(of: network.driver)
        if names.isEmpty { return }
        func value<Word: RawRepresentable<String> & CaseIterable>(_ name: String, _ usual: Word) throws(Failure) -> Word
        {
            guard let text = network.driverOptions.last(where: { $0.name == name })?.value else { return usual }
            guard let word = Word(rawValue: text) else {
                throw Failure(
                    "network \(network.key): \(name): \(text) is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))",
                    at: network.places["driver_opts"] ?? network.location)
            }
            return word
        }
        sharing =
            network.driver == "macvlan"
            ? .macvlan(try value("macvlan_mode", MacvlanMode.bridge))
            : .ipvlan(try value("ipvlan_mode", IPVLANMode.l2), try value("ipvlan_flag", IPVLANFlag.bridge))
        parent = network.driverOptions.last { $0.name == "parent" }?.value
        if let parent, !FirewallScript.isPlain(parent) {
            throw Failure(
                "network \(network.key): parent: \(parent) is no name of a link",
                at: network.places["driver_opts"] ?? network.location)
        }
    }

    /// The link that the network is on; nil for a driver that has none.
    ///
    /// - Parameters:
    ///   - free: the name of a link that does not exist, for a network without a parent.
    ///   - isThere: whether the host has a link of this name.
    func link(free: String, isThere: (String) throws -> Bool) rethrows -> ParentLink? {
        guard let sharing else { return nil }
        guard let parent, !parent.isEmpty else { return ParentLink(free, .dummy, sharing) }
        let origin = try isThere(parent) ? nil : ParentLink.vlan(named: parent)
        return ParentLink(parent, origin ?? .host, sharing)
    }
}
