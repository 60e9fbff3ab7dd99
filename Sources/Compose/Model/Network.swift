// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A network of the project (Compose Specification, 06-networks.md).
package struct Network: Codable, Hashable, Sendable {
    /// What services call it.
    package var key: String
    /// What the system calls it: `PROJECT_KEY` unless the file says otherwise.
    package var name: String
    /// `bridge`, or nil for the default, which is the same.
    package var driver: String?
    package var isInternal: Bool
    /// Made and removed by someone else.
    package var isExternal: Bool
    package var labels: [Label]
    package var subnets: [Subnet]
    package var location: SourceLocation?
    package var places: Places

    package struct Subnet: Codable, Hashable, Sendable {
        package var subnet: String?
        package var gateway: String?

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
    /// Whether a mapping was given, which `config` shows.
    package var hasOptions: Bool

    package init(network: String, aliases: [String] = [], hasOptions: Bool = false) {
        self.network = network
        self.aliases = aliases
        self.hasOptions = hasOptions
    }
}
