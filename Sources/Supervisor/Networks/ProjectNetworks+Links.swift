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
        let routed = defaultRoute(of: attachments)?.network
        let routed6 = defaultRoute(of: attachments.filter { $0.address6 != nil })?.network
        return try attachments.map { attachment in
            guard let network = joined[attachment.network], let address = IPv4Address(attachment.address) else {
                throw Failure("network \(attachment.network) is not there")
            }
            let record = network.record
            var endpoint = Endpoint(
                bridge: network.index,
                hostName: LinkName.veth(
                    tag: roots.tag, container: container, network: attachment.network, salt: Int(pid)),
                interface: attachment.interface, address: address, prefixLength: record.subnet.length,
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
        let routed = defaultRoute(of: attachments)
        let routed6 = defaultRoute(of: attachments.filter { $0.address6 != nil })
        let any = routed == nil && routed6 == nil ? attachments.first : nil
        let first = routed ?? routed6 ?? any
        return PortPublisher.Entrance(
            binding: first.flatMap { joined[$0.network]?.record.options.hostBinding },
            address: (routed ?? any).flatMap { IPv4Address($0.address) },
            address6: (routed6 ?? any)?.address6.flatMap { IPv6Address($0) })
    }

    /// Takes the container's link to a network away.
    func disconnect(_ container: String, from attachment: Attachment, pid: Int32) throws {
        let endpoints = try endpoints([attachment], container: container, pid: pid)
        try host.disconnect(hostNames: endpoints.map(\.hostName))
        try firewall.dismiss(endpoints.map(LinkSource.init))
    }

    func connect(pid: Int32, _ endpoints: [Endpoint]) throws {
        try Trace.span("links") { try host.connect(containerPID: pid, endpoints) }
    }

    /// Lets containers send on their links.
    func admit(_ endpoints: [Endpoint]) throws { try firewall.admit(endpoints.map(LinkSource.init)) }

    /// Makes the firewall anew after somebody has removed it.
    ///
    /// - Parameter containers: those that run.
    func restoreFirewall(_ containers: [(id: String, attachments: [Attachment], pid: Int32)], _ ports: [PublishedPort])
        throws
    {
        if joined.isEmpty { return }
        let sources = try containers.flatMap { container in
            try endpoints(container.attachments, container: container.id, pid: container.pid).map(LinkSource.init)
        }
        try firewall.restore(joined.values.map(\.record.firewall), sources, ports)
    }

    /// The container's links went with it, and nobody sends on them any more.
    func forgetLinks(of container: String, _ attachments: [Attachment], pid: Int32) throws {
        let known = attachments.filter { joined[$0.network] != nil }
        dismissed += try endpoints(known, container: container, pid: pid).map(LinkSource.init)
        onPending()
    }
}
