// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Networking
import Testing

@testable import Supervisor

@Suite struct BridgeOptionsTests {
    private func options(_ name: String, _ value: String) throws -> BridgeOptions {
        var network = Network(key: "n", name: "p_n", location: nil)
        network.driverOptions = [KeyValue(name: name, value: value)]
        return try BridgeOptions(of: network)
    }

    @Test func `options are read as Docker reads them`() throws {
        #expect(try options("com.docker.network.driver.mtu", "1400").mtu == 1400)
        #expect(try options("com.docker.network.bridge.name", "br-shop").bridge == "br-shop")
        for text in ["0", "f", "F", "false", "FALSE", "False"] {
            #expect(try !options("com.docker.network.bridge.enable_ip_masquerade", text).isMasqueraded)
            #expect(try !options("com.docker.network.bridge.enable_icc", text).connectsContainers)
        }
        #expect(try options("com.docker.network.bridge.enable_icc", "1") == BridgeOptions())
        #expect(
            try options("com.docker.network.bridge.host_binding_ipv4", "127.0.0.1").hostBinding
                == IPv4Address("127.0.0.1"))
        #expect(try options("com.docker.network.bridge.host_binding_ipv4", "0.0.0.0").hostBinding == nil)
        #expect(try options("com.docker.network.container_iface_prefix", "net").interfacePrefix == "net")
        #expect(try options("com.docker.network.bridge.gateway_mode_ipv4", "nat") == BridgeOptions())
    }

    @Test(arguments: [
        ("com.docker.network.driver.mtu", "67", "67 is no number from 68 to 65535"),
        (
            "com.docker.network.bridge.name", "a/b",
            "a/b is no name of a link: 1 to 15 letters, digits, dots, dashes, underscores"
        ),
        ("com.docker.network.bridge.enable_icc", "no", "no is neither true nor false"),
        ("com.docker.network.bridge.host_binding_ipv4", "::1", "::1 is no IPv4 address"),
        (
            "com.docker.network.container_iface_prefix", "",
            " is no beginning of an interface's name: 1 to 12 letters and digits"
        ),
        (
            "com.docker.network.bridge.gateway_mode_ipv6", "routed",
            "routed is not supported: containers are reached by their published ports alone"
        ),
        ("com.docker.network.bridge.inhibit_ipv4", "true", "is not supported"),
    ])
    func `what cannot be had is said`(name: String, value: String, says: String) {
        let failure = #expect(throws: Failure.self) { try options(name, value) }
        #expect(failure?.message == "network n: \(name): \(says)")
    }
}
