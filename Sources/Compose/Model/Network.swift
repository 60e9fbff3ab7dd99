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
    @PlaceList package var places: Places

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
    @Sparse package var aliases: [String]
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
    @Sparse package var hasOptions: Bool

    package init(network: String, aliases: [String] = [], hasOptions: Bool = false) {
        self.network = network
        self.aliases = aliases
        self.hasOptions = hasOptions
    }
}

extension NetworkAttachment {
    /// What most leave out is not asked for, as with `Service`.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(network: try values.decode(String.self, forKey: .network))
        for key in values.allKeys { try read(key, of: values) }
    }

    private mutating func read(_ key: CodingKeys, of values: KeyedDecodingContainer<CodingKeys>) throws {
        switch key {
        case .network: break
        case .aliases: try values.read(key, into: &aliases)
        case .ipv4Address: try values.read(key, into: &ipv4Address)
        case .ipv6Address: try values.read(key, into: &ipv6Address)
        case .linkLocalAddresses: try values.read(key, into: &linkLocalAddresses)
        case .macAddress: try values.read(key, into: &macAddress)
        case .priority: try values.read(key, into: &priority)
        case .gatewayPriority: try values.read(key, into: &gatewayPriority)
        case .interfaceName: try values.read(key, into: &interfaceName)
        case .driverOptions: try values.read(key, into: &driverOptions)
        case .hasOptions: try values.read(key, into: &hasOptions)
        }
    }
}
