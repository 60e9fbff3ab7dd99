// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A network of the project (Compose Specification, 06-networks.md).
package struct Network: Codable, Hashable, Sendable {
    /// What services call it.
    package var key: String
    /// What the system calls it: `PROJECT_KEY` unless the file says otherwise.
    package var name: String
    /// Nil is the default, `bridge`.
    package var driver: String?
    package var driverOptions: [KeyValue] = []
    /// Whether containers from outside the project may join; of effect on clusters only.
    package var isAttachable = false
    /// Nil is true.
    package var enableIPv4: Bool?
    /// Nil is false.
    package var enableIPv6: Bool?
    package var isInternal: Bool
    /// Made and removed by someone else.
    package var isExternal: Bool
    package var labels: [Label]
    /// `ipam.config`.
    package var subnets: [Subnet]
    /// `ipam.driver`; nil is `default`.
    package var ipamDriver: String?
    package var ipamOptions: [KeyValue] = []
    package var location: SourceLocation?
    package var places: Places

    package struct Subnet: Codable, Hashable, Sendable {
        package var subnet: String?
        package var gateway: String?
        /// The part of the subnet that containers get addresses from.
        package var ipRange: String?
        /// Addresses that no container gets, by a name for each.
        package var auxiliaryAddresses: [KeyValue] = []

        package init(subnet: String?, gateway: String?) {
            self.subnet = subnet
            self.gateway = gateway
        }
    }

    package init(key: String, name: String, location: SourceLocation?) {
        self.key = key
        self.name = name
        self.location = location
        isInternal = false
        isExternal = false
        labels = []
        subnets = []
        places = [:]
    }
}

/// How a service is on a network (Compose Specification, 05-services.md, `networks`).
package struct NetworkAttachment: Codable, Hashable, Sendable {
    /// The key of the network in the project.
    package var network: String
    package var aliases: [String]
    package var ipv4Address: String?
    package var ipv6Address: String?
    @Sparse package var linkLocalAddresses: [String] = []
    package var macAddress: String?
    /// Networks are joined from the highest priority to the lowest.
    package var priority: Int?
    /// The network of the highest one has the default gateway.
    package var gatewayPriority: Int?
    package var interfaceName: String?
    @Sparse package var driverOptions: [KeyValue] = []
    /// Whether a mapping was given, which `config` shows.
    package var hasOptions: Bool

    package init(network: String, aliases: [String] = [], hasOptions: Bool = false) {
        self.network = network
        self.aliases = aliases
        self.hasOptions = hasOptions
    }
}
