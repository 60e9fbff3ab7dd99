// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Networking

/// What `driver_opts` asks of a bridge network, in Docker's words (its documentation of the bridge driver). Of them, a network
/// on a parent link has `mtu` and `interfacePrefix`.
package struct BridgeOptions: Codable, Hashable, Sendable {
    /// The largest packet in bytes; nil: the kernel's default.
    package var mtu: UInt32?
    /// What the link is called on the host; nil: a name derived from the root and the network.
    package var bridge: String?
    /// Whether packets to the outside get the host's address.
    package var isMasqueraded = true
    /// Whether containers reach each other by this network.
    package var connectsContainers = true
    /// Where ports are published that name no address; nil: on all of the host's.
    package var hostBinding: IPv4Address?
    /// What interfaces are called that have no name: this, and a number.
    package var interfacePrefix = "eth"

    package init() {}

    /// - Throws: `Failure` at `driver_opts` for an option or a value that cannot be had.
    package init(of network: Network) throws(Failure) {
        let onParent = ParentOptions.names(of: network.driver)
        for option in network.driverOptions where !onParent.contains(option.name) {
            do throws(Wrong) { try read(option, isBridge: onParent.isEmpty) } catch {
                let what = error.text ?? "is not supported"
                throw Failure(
                    "network \(network.key): \(option.name): \(what)",
                    at: network.places["driver_opts"] ?? network.location)
            }
        }
    }

    /// Nil: nothing is known of the option.
    private struct Wrong: Error { var text: String? }

    private mutating func read(_ option: KeyValue, isBridge: Bool) throws(Wrong) {
        let value = option.value
        if !isBridge && option.name.hasPrefix("com.docker.network.bridge.") { throw Wrong() }
        switch option.name {
        case "com.docker.network.driver.mtu":
            guard let number = UInt32(value), (68...65_535).contains(number) else {
                throw Wrong(text: "\(value) is no number from 68 to 65535")
            }
            mtu = number
        case "com.docker.network.bridge.name":
            guard FirewallScript.isPlain(value) else {
                throw Wrong(text: "\(value) is no name of a link: 1 to 15 letters, digits, dots, dashes, underscores")
            }
            bridge = value
        case "com.docker.network.bridge.enable_ip_masquerade": isMasqueraded = try boolean(value)
        case "com.docker.network.bridge.enable_icc": connectsContainers = try boolean(value)
        case "com.docker.network.bridge.host_binding_ipv4":
            guard let address = IPv4Address(value) else { throw Wrong(text: "\(value) is no IPv4 address") }
            hostBinding = address == .any ? nil : address
        case "com.docker.network.container_iface_prefix":
            guard FirewallScript.isPlain(value), value.utf8.count <= 12 else {
                throw Wrong(text: "\(value) is no beginning of an interface's name: 1 to 12 letters and digits")
            }
            interfacePrefix = value
        case "com.docker.network.bridge.gateway_mode_ipv4", "com.docker.network.bridge.gateway_mode_ipv6":
            guard value == "nat" else {
                throw Wrong(text: "\(value) is not supported: containers are reached by their published ports alone")
            }
        default: throw Wrong()
        }
    }

    private func boolean(_ text: String) throws(Wrong) -> Bool {
        guard let value = truthValue(text) else { throw Wrong(text: "\(text) is neither true nor false") }
        return value
    }
}
