// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Linux
import Networking
import Reconciler
import Runtime

extension Supervisor {
    /// Gives the container an address on each of its networks.
    func attachNetworks(_ container: Container) throws {
        guard let saved else { return }
        let config = container.record.config
        let old = container.record.state.addresses
        container.record.state.addresses = try container.service.networks.enumerated().compactMap { index, attachment in
            guard let network = saved.project.network(attachment.network), let record = networks.record(network.name)
            else {
                throw Failure("network \(attachment.network) is not there", at: container.service.place("networks"))
            }
            let address = try networks.lease(container.id, on: network.name)
            var names = [config.name]
            if !container.state.isOneOff || container.usesAliases { names += [config.service] + attachment.aliases }
            names += [String(config.id.prefix(12))] + (container.service.hostname.map { [$0] } ?? [])
            var known = Set<String>()
            return Attachment(
                network: network.name, interface: "eth\(index)", address: "\(address)",
                prefixLength: Int(record.subnet.length),
                gateway: "\(record.gateway)", mac: "",
                names: names.map { $0.lowercased() }.filter { known.insert($0).inserted })
        }
        let kept = Set(container.record.state.addresses.map(\.network))
        for attachment in old where !kept.contains(attachment.network) {
            try networks.release(container.id, on: attachment.network)
        }
    }

    /// `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`, anew at each start.
    func writeNetworkFiles(_ container: Container, hostname: String) throws {
        let directory = paths.container(container.id)
        let service = container.service
        try writeFile("\(directory)/hostname", "\(hostname)\n")
        let addresses = container.record.state.addresses.compactMap { IPv4Address($0.address) }
        let gateway = container.record.state.addresses.first.flatMap { IPv4Address($0.gateway) }
        let extra = service.extraHosts.map { (name: $0.name, address: $0.address) }
        if service.networkMode == .host {
            try writeFile(
                "\(directory)/hosts", try readText("/etc/hosts") + extra.map { "\($0.address)\t\($0.name)\n" }.joined())
        } else if case .service(let name) = service.networkMode,
            let owner = containers.values.first(where: {
                $0.record.config.service == name && $0.state.phase == .running
            })
        {
            for file in ["hosts", "resolv.conf"] {
                try writeFile("\(directory)/\(file)", readText("\(paths.container(owner.id))/\(file)"))
            }
            return
        } else {
            let file = HostsFile(
                hostname: hostname, domain: service.domainname, addresses: addresses, extraHosts: extra,
                gateway: gateway,
                hasIPv6: exists("/proc/sys/net/ipv6"))
            try writeFile("\(directory)/hosts", file.text)
        }
        try writeFile("\(directory)/resolv.conf", try resolverConfiguration(service, servesNames: !addresses.isEmpty))
    }

    /// In place where it is there, as the container has it mounted.
    private func writeFile(_ path: String, _ text: String) throws {
        try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644).writeAll(text.utf8)
    }

    private var hostResolver: ResolverConfiguration {
        get throws {
            ResolverConfiguration(parsing: exists("/etc/resolv.conf") ? try readText("/etc/resolv.conf") : "")
        }
    }

    private func resolverConfiguration(_ service: Service, servesNames: Bool) throws -> String {
        var host = try hostResolver
        if servesNames {
            return ResolverConfiguration.container(host: host, search: service.dnsSearch, options: service.dnsOptions)
                .text
        }
        if !service.dnsSearch.isEmpty { host.search = service.dnsSearch == ["."] ? [] : service.dnsSearch }
        if !service.dnsOptions.isEmpty { host.options = service.dnsOptions }
        if !service.dns.isEmpty { host.nameservers = ResolverConfiguration(parsing: nameservers(service)).nameservers }
        return host.text
    }

    private func nameservers(_ service: Service) -> String { service.dns.map { "nameserver \($0)\n" }.joined() }

    /// The container's way out: its interfaces, its resolver.
    func connectNetworks(_ container: Container, pid: Int32) throws {
        guard
            container.service.networkMode == nil || container.service.networkMode == .bridge
                || container.service.networkMode == Compose.NetworkMode.none
        else { return }
        try networks.connect(
            pid: pid, networks.endpoints(container.record.state.addresses, container: container.id, pid: pid))
        try serveNames(container, pid: pid)
        try ports.open(container)
    }

    func serveNames(_ container: Container, pid: Int32) throws {
        let names = container.record.state.addresses.map(\.network)
        if names.isEmpty { return }
        let service = container.service
        let servers = service.dns.isEmpty ? try hostResolver : ResolverConfiguration(parsing: nameservers(service))
        try resolvers.serve(container.id, pid: pid, on: names, upstreams: servers.upstreams)
    }

    /// From now on the container is found by its names.
    func nameOnNetworks(_ container: Container) throws {
        for attachment in container.record.state.addresses {
            try networks.name(container.id, on: attachment.network, attachment.names)
        }
    }

    /// The container does not run any more: no name leads to it, no port is served.
    func releaseNetworks(_ container: Container) {
        resolvers.stop(container.id)
        do {
            for attachment in container.record.state.addresses {
                try networks.name(container.id, on: attachment.network, [])
            }
            try ports.release(container)
        } catch {
            log("the network of \(container.record.name) is not free: \(error)")
        }
    }

}
