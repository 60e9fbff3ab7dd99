// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Netlink

/// The two sockets in a container's network namespace at which the resolver answers. The descriptors may be kept by another
/// process over a restart of this one.
package struct ResolverSockets {
    package let udp: Descriptor
    package let tcp: Descriptor

    package init(udp: Descriptor, tcp: Descriptor) { (self.udp, self.tcp) = (udp, tcp) }

    /// Opens them in the network namespace that the thread is in; its loopback interface must be up.
    package static func open(at address: SocketAddress) throws(SystemError) -> ResolverSockets {
        let udp = try openSocket(address.domain, .udp)
        let tcp = try openSocket(address.domain, .tcp)
        try setOption(tcp, SOL_SOCKET, SO_REUSEADDR, 1)
        for socket in [udp, tcp] {
            try check("bind", "\(address)") { address.withSockaddr { bind(socket.raw, $0, $1) } }
        }
        try check("listen", "\(address)") { listen(tcp.raw, 64) }
        return ResolverSockets(udp: udp, tcp: tcp)
    }

    /// The transaction that leads what is sent to the resolver's port 53 to the sockets. It is trice's own: a context of
    /// libnftables takes eight times as long, and each network namespace would want one.
    static func redirection(udp: UInt16, tcp: UInt16) -> [NetlinkRequest] {
        let (table, chain) = ("trice", "output")
        return [
            NetfilterRequest.addTable(table), NetfilterRequest.addOutputNATChain(chain, in: table),
            NetfilterRequest.flush(chain, in: table),
            NetfilterRequest.addRedirection(of: .udp, resolverAddress, port: 53, to: udp, chain: chain, in: table),
            NetfilterRequest.addRedirection(of: .tcp, resolverAddress, port: 53, to: tcp, chain: chain, in: table),
        ]
    }
}

/// Opens a container's resolver sockets, which answer at 127.0.0.11:53 and leave port 53 to the container: they listen on
/// another one, and nftables in the container's namespace leads the queries there.
///
/// The port depends on the pid alone, as long as the container does not take it: queries that are under way while a
/// supervisor follows on another find it again. It is above those that Linux gives to connections.
package func openResolverSockets(inNamespaceOfPID pid: pid_t) throws -> ResolverSockets {
    try withNetworkNamespace(ofPID: pid) {
        let sockets: ResolverSockets
        do throws(SystemError) {
            sockets = try ResolverSockets.open(at: SocketAddress(resolverAddress, port: UInt16(61_000 + pid % 4_500)))
        } catch {
            guard error.errno == EADDRINUSE else { throw error }
            sockets = try ResolverSockets.open(at: SocketAddress(resolverAddress, port: 0))
        }
        let ports = try [sockets.udp, sockets.tcp].map { try SocketAddress.local(of: $0.raw)?.port ?? 0 }
        try NetlinkSocket(.NETLINK_NETFILTER).commit(ResolverSockets.redirection(udp: ports[0], tcp: ports[1]))
        return sockets
    }
}
