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
    /// Gives the container an address on each of its networks, the one of the highest `priority` first.
    func attachNetworks(_ container: Container) throws {
        guard let saved else { return }
        let service = container.service
        let old = container.record.state.addresses
        let attachments = service.networks.sorted {
            ($1.priority ?? 0, $0.network) < ($0.priority ?? 0, $1.network)
        }
        container.record.state.addresses = try attachments.enumerated().map { index, attachment in
            guard let network = saved.project.network(attachment.network), let record = networks.record(network.name)
            else {
                throw Failure("network \(attachment.network) is not there", at: service.place("networks"))
            }
            let lease = try lease(container, attachment, on: network)
            let mac = attachment.macAddress ?? (index == 0 ? service.macAddress : nil) ?? ""
            guard mac.isEmpty || hardwareAddress(parsing: mac) != nil else {
                let key = attachment.macAddress == nil ? "mac_address" : "networks.\(attachment.network).mac_address"
                throw Failure(
                    "service \(service.name): \(mac) is no hardware address", at: service.place(key),
                    hint: "write it as 02:42:ac:11:00:02")
            }
            return Attachment(
                network: network.name,
                interface: try EndpointOptions(of: attachment, in: service).interface ?? attachment.interfaceName
                    ?? "\(record.options.interfacePrefix)\(index)",
                address: lease.address?.description ?? "", prefixLength: Int(record.subnet?.length ?? 0),
                gateway: record.gateway?.description ?? "",
                address6: lease.address6?.description, mac: mac, gatewayPriority: attachment.gatewayPriority ?? 0,
                linkLocal: try linkLocal(attachment, of: service),
                names: names(of: container, attachment, on: network))
        }
        for added in container.record.state.addedNetworks {
            container.record.state.addresses.append(try attach(container, added))
        }
        let kept = Set(container.record.state.addresses.map(\.network))
        for attachment in old where !kept.contains(attachment.network) {
            networks.release(container.id, on: attachment.network)
        }
    }

    /// Gives addresses to all that are about to start, with one change a network. What is wrong with one of them is said at
    /// its own start.
    func leaseAddresses(of starting: [Container]) throws {
        guard let saved, starting.count > 1 else { return }
        for network in saved.project.networks where networks.record(network.name) != nil {
            let spared = sparedAddresses(on: network.key)
            var wishes: [(id: String, wish: ProjectNetworks.AddressWish)] = []
            for container in starting where networks.held(container.id, on: network.name) == nil {
                guard let attachment = container.service.networks.first(where: { $0.network == network.key }) else {
                    continue
                }
                do { wishes.append((container.id, try wish(of: container.service, attachment, spared))) } catch {
                    continue
                }
            }
            if !wishes.isEmpty { try networks.lease(wishes, on: network.name) }
        }
    }

    private func linkLocal(_ attachment: NetworkAttachment, of service: Service) throws(Failure) -> [String]? {
        if attachment.linkLocalAddresses.isEmpty { return nil }
        let (range, range6) = (IPv4Prefix("169.254.0.0/16")!, IPv6Prefix("fe80::/10")!)
        for text in attachment.linkLocalAddresses {
            let isInRange = IPv4Address(text).map(range.contains) ?? IPv6Address(text).map(range6.contains) ?? false
            guard isInRange else {
                throw Failure(
                    "service \(service.name): \(text) is no address of \(range) or \(range6)",
                    at: service.place("networks.\(attachment.network).link_local_ips"))
            }
        }
        return attachment.linkLocalAddresses
    }

    /// What the container is called on a network: the first one is the answer to a reverse query.
    private func names(of container: Container, _ attachment: NetworkAttachment, on network: Network) -> [String] {
        let config = container.record.config
        var names = [config.name]
        if !container.state.isOneOff || container.usesAliases {
            names += (network.name == PredefinedNetworks.bridge ? [] : [config.service]) + attachment.aliases
        }
        names += [String(config.id.prefix(12))] + (container.service.hostname.map { [$0] } ?? [])
        var known = Set<String>()
        return names.map { $0.lowercased() }.filter { known.insert($0).inserted }
    }

    /// - Throws: `Failure` at the place of an address that cannot be had.
    private func lease(_ container: Container, _ attachment: NetworkAttachment, on network: Network) throws -> Lease {
        if let lease = networks.held(container.id, on: network.name) { return lease }
        let service = container.service
        let wish = try wish(of: service, attachment, sparedAddresses(on: attachment.network))
        func place(_ key: String) -> SourceLocation { service.place("networks.\(attachment.network).\(key)") }
        do { return try networks.lease(container.id, on: network.name, wish) } catch let problem as AddressPool.Problem
        {
            throw Failure("service \(service.name): \(problem)", at: place("ipv4_address"))
        } catch let problem as IPv6AddressPool.Problem {
            throw Failure("service \(service.name): \(problem)", at: place("ipv6_address"))
        } catch let problem as ProjectNetworks.NoSuchFamily {
            throw Failure(
                "service \(service.name): \(problem)", at: place(problem == .ipv4 ? "ipv4_address" : "ipv6_address"))
        }
    }

    private func wish(
        of service: Service, _ attachment: NetworkAttachment, _ spared: ([IPv4Address], [IPv6Address])
    ) throws(Failure) -> ProjectNetworks.AddressWish {
        func address<T: LosslessStringConvertible>(_ text: String?, _ key: String) throws(Failure) -> T? {
            guard let text else { return nil }
            guard let address = T(text) else {
                throw Failure(
                    "service \(service.name): \(text) is no address",
                    at: service.place("networks.\(attachment.network).\(key)"))
            }
            return address
        }
        var wish = ProjectNetworks.AddressWish()
        wish.address = try address(attachment.ipv4Address, "ipv4_address")
        wish.address6 = try address(attachment.ipv6Address, "ipv6_address")
        (wish.spared, wish.spared6) = (Set(spared.0), Set(spared.1))
        return wish
    }

    /// Addresses that services ask for on a network.
    private func sparedAddresses(on network: String) -> ([IPv4Address], [IPv6Address]) {
        let attachments = (saved?.project.services ?? []).flatMap(\.networks).filter { $0.network == network }
        return (
            attachments.compactMap { $0.ipv4Address.flatMap { IPv4Address($0) } },
            attachments.compactMap { $0.ipv6Address.flatMap { IPv6Address($0) } }
        )
    }

    /// `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`, anew at each start.
    func writeNetworkFiles(_ container: Container, hostname: String) throws {
        let directory = paths.container(container.id)
        let service = container.service
        try writeFile("\(directory)/hostname", "\(hostname)\n")
        let addresses = container.record.state.addresses.flatMap { [$0.address, $0.address6 ?? ""] }.filter {
            !$0.isEmpty
        }
        let extra = service.extraHosts.map { (name: $0.name, address: $0.address) }
        if service.networkMode == .host {
            try writeFile(
                "\(directory)/hosts", try readText("/etc/hosts") + extra.map { "\($0.address)\t\($0.name)\n" }.joined())
        } else if let owner = try networkOwner(of: service) {
            let paths = ProjectPaths(self.paths.roots, project: owner.config.project)
            for file in ["hosts", "resolv.conf"] {
                try writeFile("\(directory)/\(file)", readText("\(paths.container(owner.id))/\(file)"))
            }
            return
        } else {
            let file = HostsFile(
                hostname: hostname, domain: service.domainname, addresses: addresses, extraHosts: extra,
                gateway: try hostGateway(of: container),
                hasIPv6: exists("/proc/sys/net/ipv6"))
            try writeFile("\(directory)/hosts", file.text)
        }
        try writeFile("\(directory)/resolv.conf", try resolverConfiguration(service, servesNames: !addresses.isEmpty))
    }

    /// What `host-gateway` stands for: the host's address on the first of the container's networks that has one.
    private func hostGateway(of container: Container) throws(Failure) -> String? {
        let records = container.record.state.addresses.compactMap { networks.record($0.network) }
        let gateway = records.first { $0.bridge != nil }.flatMap { $0.gateway?.description ?? $0.gateway6?.description }
        let service = container.service
        if gateway == nil, !records.isEmpty, service.extraHosts.contains(where: { $0.address == "host-gateway" }) {
            throw Failure(
                "service \(service.name): host-gateway: the host has no address on networks of the driver \(records[0].driver)",
                at: service.place("extra_hosts"), hint: "put the service on a bridge network, too")
        }
        return gateway
    }

    /// Whose network the service shares.
    private func networkOwner(of service: Service) throws(Failure) -> ContainerRecord? {
        switch service.networkMode {
        case .service(let name):
            containers.values.first { $0.isReplica(of: name) && $0.state.phase == .running }?.record
        case .container(let name): try container(named: name, for: service, "network_mode")
        case .none?, .host, .bridge, .other, nil: nil
        }
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
    ///
    /// - Parameter isAdmitted: whether the firewall knows its links already.
    func connectNetworks(_ container: Container, pid: Int32, isAdmitted: Bool) throws {
        guard
            container.service.networkMode == nil || container.service.networkMode == Compose.NetworkMode.none
        else { return }
        let endpoints = try networks.endpoints(
            container.record.state.addresses, container: container.id, pid: pid)
        if !isAdmitted { try Trace.span("firewall") { try networks.admit(endpoints) } }
        try networks.connect(container.id, pid: pid, endpoints)
        try setInterfaces(container, pid: pid)
        try Trace.span("name server") { try serveNames(container, pid: pid) }
        try Trace.span("ports") { try ports.open(container) }
    }

    /// What `driver_opts` of the service's networks asks of its interfaces.
    private func setInterfaces(_ container: Container, pid: Int32) throws {
        for attachment in container.service.networks where !attachment.driverOptions.isEmpty {
            let options = try EndpointOptions(of: attachment, in: container.service)
            let name = saved?.project.network(attachment.network)?.name
            guard let place = container.record.state.addresses.first(where: { $0.network == name }) else { continue }
            try withNetworkNamespace(ofPID: pid) {
                for setting in options.settings {
                    do throws(SystemError) { try setting.apply(to: place.interface) } catch {
                        throw Failure(
                            "service \(container.service.name): networks.\(attachment.network): a setting is refused: \(error)",
                            at: container.service.place("networks.\(attachment.network).driver_opts"))
                    }
                }
            }
        }
    }

    func serveNames(_ container: Container, pid: Int32) throws {
        let names = container.record.state.addresses.map(\.network)
        if names.isEmpty { return }
        let service = container.service
        let links = Dictionary(
            (service.links + service.externalLinks).map { ($0.alias.lowercased(), target(of: $0, names)) }
        ) { $1 }
        let servers = service.dns.isEmpty ? try hostResolver : ResolverConfiguration(parsing: nameservers(service))
        try resolvers.serve(container.id, pid: pid, on: names, links: links, upstreams: servers.upstreams)
    }

    /// The name of whom a link leads to: where no network knows services, that of its first container.
    private func target(of link: Link, _ names: [String]) -> String {
        if names != [PredefinedNetworks.bridge] { return link.target }
        let replicas = containers.values.filter { $0.isReplica(of: link.target) }
        return replicas.min { $0.state.number < $1.state.number }?.record.name ?? link.target
    }

    /// From now on the container is found by its names, unless it is to be healthy for that and is not.
    func nameOnNetworks(_ container: Container) {
        let isFound =
            container.service.trice?.dns != .healthy || [.none, .healthy].contains(container.state.health)
        for attachment in container.record.state.addresses {
            networks.name(
                container.id, on: attachment.network, isFound ? attachment.names : [],
                ports: container.service.servicePorts)
        }
    }

    /// Somebody has removed the firewall's tables, as the reload of a host's own firewall does.
    func restoreFirewall() {
        if networks.names.isEmpty { return }
        let running = containers.values.compactMap { container in
            container.pid.map { (id: container.id, attachments: container.record.state.addresses, pid: $0) }
        }
        do {
            try networks.restoreFirewall(running, ports.rules)
            log("the firewall's tables were removed by somebody else: made anew")
        } catch {
            log("the firewall's tables were removed by somebody else and cannot be made anew: \(error)")
        }
    }

    /// The container does not run any more: no name leads to it, no port is served.
    func releaseNetworks(_ container: Container) {
        resolvers.stop(container.id)
        for attachment in container.record.state.addresses { networks.name(container.id, on: attachment.network, []) }
        do {
            try ports.release(container)
            if let process = container.record.state.process {
                try networks.forgetLinks(of: container.id, container.record.state.addresses, pid: process.pid)
            }
        } catch {
            log("the network of \(container.record.name) is not free: \(error)")
        }
    }
}
