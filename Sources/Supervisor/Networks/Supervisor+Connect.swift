// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking
import Reconciler
import Runtime

/// A network that a container was put on by a command, and not by the file: it is again when it starts again.
package struct AddedNetwork: Codable, Hashable, Sendable {
    package var network: String
    package var aliases: [String] = []
    /// IPv4; nil for any.
    package var address: String?

    package init(network: String) { self.network = network }
}

extension ContainerRecord {
    private func has(_ network: String) -> Bool {
        isOn(network) || state.addedNetworks.contains { $0.network == network }
    }

    func checkConnecting(to network: String) throws(Failure) {
        guard [nil, .bridge].contains(config.definition.networkMode) else {
            throw Failure("container \(name) has no network of its own (network_mode), and can be on no other")
        }
        if has(network) { throw Failure("container \(name) is already on network \(network)") }
    }

    func checkDisconnecting(from network: String) throws(Failure) {
        if !has(network) { throw Failure("container \(name) is not on network \(network)") }
    }
}

extension Supervisor {
    /// `network connect`: puts a container on one more network, at once where it runs.
    func connect(_ client: Connection, _ name: String, _ added: AddedNetwork) throws {
        let container = try container(named: name)
        try container.record.checkConnecting(to: added.network)
        if container.state.phase == .running, let pid = container.pid {
            let attachment = try attach(container, added)
            var endpoints = try networks.endpoints([attachment], container: container.id, pid: pid)
            if container.record.state.addresses.contains(where: { networks.record($0.network)?.isInternal == false }) {
                // There is one default route.
                for index in endpoints.indices { (endpoints[index].gateway, endpoints[index].gateway6) = (nil, nil) }
            }
            do {
                try networks.admit(endpoints)
                try networks.connect(container.id, pid: pid, endpoints)
            } catch {
                networks.release(container.id, on: added.network)
                throw Failure("container \(name) cannot be put on network \(added.network): \(error)")
            }
            container.record.state.addresses.append(attachment)
            try serveNamesAnew(container, pid: pid)
            networks.name(container.id, on: added.network, attachment.names, ports: container.service.servicePorts)
        }
        container.record.state.addedNetworks.append(added)
        save(container)
        client.end(.finished(0))
    }

    /// `network disconnect`: takes a container off a network. One that the file has is there again at the next start.
    func disconnect(_ client: Connection, _ name: String, from network: String) throws {
        let container = try container(named: name)
        let attachment = container.record.state.addresses.first { $0.network == network }
        try container.record.checkDisconnecting(from: network)
        container.record.state.addedNetworks.removeAll { $0.network == network }
        if let attachment {
            container.record.state.addresses.removeAll { $0.network == network }
            if container.state.phase == .running, let pid = container.pid {
                try networks.disconnect(container.id, from: attachment, pid: pid)
                try serveNamesAnew(container, pid: pid)
            }
            networks.release(container.id, on: network)
        }
        save(container)
        client.end(.finished(0))
    }

    /// Gives the container an address on a network that its service does not have.
    func attach(_ container: Container, _ added: AddedNetwork) throws -> Attachment {
        var network = Network(key: added.network, name: added.network, location: nil)
        network.isExternal = true
        try networks.ensure(network)
        guard let record = networks.record(added.network) else {
            throw Failure("network \(added.network) is not there")
        }
        var wish = ProjectNetworks.AddressWish()
        wish.address = added.address.flatMap { IPv4Address($0) }
        let lease: Lease
        do { lease = try networks.lease(container.id, on: added.network, wish) } catch let problem
            as AddressPool.Problem
        {
            throw Failure("network \(added.network): \(problem)")
        } catch let problem as ProjectNetworks.NoSuchFamily {
            throw Failure("network \(added.network): \(problem)")
        }
        let config = container.record.config
        let services = added.network == PredefinedNetworks.bridge ? [] : [config.service]
        let names = [config.name] + services + added.aliases + [String(config.id.prefix(12))]
        let taken = Set(container.record.state.addresses.map(\.interface))
        let interface =
            (0...).lazy.map { "\(record.options.interfacePrefix)\($0)" }.first { !taken.contains($0) }
            ?? "\(record.options.interfacePrefix)0"
        return Attachment(
            network: added.network, interface: interface, address: lease.address?.description ?? "",
            prefixLength: Int(record.subnet?.length ?? 0), gateway: record.gateway?.description ?? "",
            address6: lease.address6?.description, mac: "", names: names.map { $0.lowercased() })
    }

    private func serveNamesAnew(_ container: Container, pid: Int32) throws {
        resolvers.stop(container.id)
        try serveNames(container, pid: pid)
    }

    private func container(named name: String) throws -> Container {
        let found = containers.values.first { $0.record.name == name || (name.count >= 6 && $0.id.hasPrefix(name)) }
        guard let found else { throw Failure("no such container: \(name)") }
        return found
    }
}
