// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Networking
import Runtime

/// The links of running containers: what they are, which of them leads outside, and what the firewall lets through them.
extension ProjectNetworks {
    /// What connects a container to its networks.
    func endpoints(_ attachments: [Attachment], container: String, pid: Int32) throws -> [Endpoint] {
        let routed = defaultRoute(of: attachments.filter { !$0.address.isEmpty })?.network
        let routed6 = defaultRoute(of: attachments.filter { $0.address6 != nil })?.network
        return try attachments.map { attachment in
            guard let network = joined[attachment.network] else {
                throw Failure("network \(attachment.network) is not there")
            }
            if let problem = network.problem { throw problem }
            let record = network.record
            let uplink: Endpoint.Uplink =
                if let parent = record.parent { .parent(network.index, parent.sharing) } else {
                    .bridge(
                        network.index,
                        hostName: LinkName.veth(
                            tag: roots.tag, container: container, network: attachment.network, salt: Int(pid)))
                }
            var endpoint = Endpoint(
                uplink, interface: attachment.interface, address: IPv4Address(attachment.address),
                prefixLength: record.subnet?.length ?? 24,
                address6: attachment.address6.flatMap { IPv6Address($0) }, prefixLength6: record.subnet6?.length ?? 64,
                gateway: attachment.network == routed ? record.gateway : nil,
                gateway6: attachment.network == routed6 ? record.gateway6 : nil,
                hardwareAddress: attachment.mac.isEmpty ? nil : hardwareAddress(parsing: attachment.mac),
                mtu: record.options.mtu)
            endpoint.isIsolated = !record.options.connectsContainers
            endpoint.linkLocal = (attachment.linkLocal ?? []).compactMap { IPv4Address($0) }
            endpoint.linkLocal6 = (attachment.linkLocal ?? []).compactMap { IPv6Address($0) }
            return endpoint
        }
    }

    /// The network of the default route: that of the highest `gw_priority`, the first one among equals, and none that is
    /// internal.
    private func defaultRoute(of attachments: [Attachment]) -> Attachment? {
        var best: Attachment?
        for attachment in attachments where joined[attachment.network]?.record.isInternal == false {
            if best.map({ attachment.gatewayPriority > $0.gatewayPriority }) ?? true { best = attachment }
        }
        return best
    }

    /// Where published ports lead: an answer to who is outside goes by the default route. Where all networks are internal,
    /// only the host itself comes in, and by any of them.
    func entrance(of attachments: [Attachment]) -> PortPublisher.Entrance {
        let routed = defaultRoute(of: attachments.filter { !$0.address.isEmpty })
        let routed6 = defaultRoute(of: attachments.filter { $0.address6 != nil })
        let any = routed == nil && routed6 == nil ? attachments.first : nil
        let first = routed ?? routed6 ?? any
        return PortPublisher.Entrance(
            beside: first.flatMap { joined[$0.network]?.record }.flatMap { $0.parent == nil ? nil : $0.name },
            binding: first.flatMap { joined[$0.network]?.record.options.hostBinding },
            address: (routed ?? any).flatMap { IPv4Address($0.address) },
            address6: (routed6 ?? any)?.address6.flatMap { IPv6Address($0) })
    }

    /// Takes the container's link to a network away.
    func disconnect(_ container: String, from attachment: Attachment, pid: Int32) throws {
        let endpoints = try endpoints([attachment], container: container, pid: pid)
        try host.disconnect(endpoints, NetworkNamespace(ofPID: pid))
        try firewall.dismiss(endpoints.compactMap(LinkSource.init))
    }

    func connect(_ container: String, pid: Int32, _ endpoints: [Endpoint]) throws {
        for endpoint in endpoints {
            guard case .parent(0, let sharing) = endpoint.uplink else { continue }
            throw Failure("the link of the host that its network of the driver \(sharing.driver) is on is gone")
        }
        try Trace.span("links") { try host.connect(containerPID: pid, endpoints) }
        try hold(container, pid: pid, endpoints)
    }

    /// Keeps hold of the network namespace of a container that has links on parents: they must be gone when it starts again,
    /// as a parent knows each address once, and the kernel takes a namespace down when it likes.
    func hold(_ container: String, pid: Int32, _ endpoints: [Endpoint]) throws {
        if endpoints.allSatisfy({ $0.hostName != nil }) { return }
        namespaces[container] = try NetworkNamespace(ofPID: pid)
    }

    /// Lets containers send on their links.
    func admit(_ endpoints: [Endpoint]) throws { try firewall.admit(endpoints.compactMap(LinkSource.init)) }

    /// Makes the firewall anew after somebody has removed it.
    ///
    /// - Parameter containers: those that run.
    func restoreFirewall(_ containers: [(id: String, attachments: [Attachment], pid: Int32)], _ ports: [PublishedPort])
        throws
    {
        if joined.isEmpty { return }
        let sources = try containers.flatMap { container in
            try endpoints(container.attachments, container: container.id, pid: container.pid).compactMap(
                LinkSource.init)
        }
        try firewall.restore(joined.values.compactMap(\.record.firewall), sources, ports)
    }

    /// The container's links went with it, and nobody sends on them any more.
    func forgetLinks(of container: String, _ attachments: [Attachment], pid: Int32) throws {
        let known = attachments.filter { joined[$0.network].map { $0.problem == nil } ?? false }
        let endpoints = try endpoints(known, container: container, pid: pid)
        if let namespace = namespaces.removeValue(forKey: container) { try host.disconnect(endpoints, namespace) }
        dismissed += endpoints.compactMap(LinkSource.init)
        onPending()
    }
}
