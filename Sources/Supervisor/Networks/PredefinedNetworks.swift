// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core

/// The networks that are there with Docker before any is made: `bridge`, `host` and `none`. A service may be on them by
/// `network_mode`, or by a network that is external, or has the driver, and bears the name.
enum PredefinedNetworks {
    /// The bridge of all containers of the root that ask for no network of their own: made with the first of them, and gone
    /// with the last. As with Docker, containers have the names of their own there, and services none.
    static let bridge = "bridge"

    static let names: Set = [bridge, "host", "none"]
}

extension Project {
    /// With services on predefined networks as the supervisor serves them: `host` and `none` as modes, `bridge`, and any other
    /// name in `network_mode`, as a network.
    ///
    /// - Throws: `Failure` where a service is on the host's network, or on none, and on another one.
    package func servingPredefinedNetworks() throws(Failure) -> Project {
        var project = self
        for index in project.networks.indices {
            let network = project.networks[index]
            if network.isExternal && network.name == PredefinedNetworks.bridge {
                project.networks[index].isExternal = false
            } else if !network.isExternal && PredefinedNetworks.names.contains(network.name) {
                throw Failure(
                    "network \(network.key): \(network.name) is the name of a network that is always there",
                    at: network.places["name"] ?? network.location,
                    hint: "choose another name, or write external: true")
            }
        }
        for index in services.indices {
            var service = services[index]
            try project.serve(&service)
            project.services[index] = service
        }
        project.networks.removeAll { $0.predefinedMode != nil }
        return project
    }

    /// The same for a one-off container's service.
    mutating func serve(_ service: inout Service) throws(Failure) {
        switch service.networkMode {
        case .bridge?: attach(&service, to: PredefinedNetworks.bridge, isExternal: false)
        case .other(let name)?: attach(&service, to: name, isExternal: true)
        default: break
        }
        for attachment in service.networks {
            guard let network = network(attachment.network), let mode = network.predefinedMode else { continue }
            guard service.networks.count == 1 else {
                throw Failure(
                    "service \(service.name): who is on the network \(network.name) can be on no other one",
                    at: service.place("networks.\(attachment.network)"))
            }
            (service.networkMode, service.networks) = (mode, [])
        }
    }

    private mutating func attach(_ service: inout Service, to name: String, isExternal: Bool) {
        // Which no file can call it.
        let key = "network_mode: \(name)"
        service.networkMode = nil
        service.networks = [NetworkAttachment(network: key)]
        if network(key) != nil { return }
        var network = Network(key: key, name: name, location: service.place("network_mode"))
        network.isExternal = isExternal
        networks.append(network)
    }
}

extension Network {
    /// What it stands for where it is the host's network, or none.
    fileprivate var predefinedMode: NetworkMode? {
        switch (isExternal ? name : driver) ?? "" {
        case "host": .host
        case "none", "null": NetworkMode.none
        default: nil
        }
    }
}
