// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// The two sockets at 127.0.0.11:53 inside a container's network namespace. The descriptors may be kept by another process
/// over a restart of this one.
package struct ResolverSockets {
    package let udp: Descriptor
    package let tcp: Descriptor

    package init(udp: Descriptor, tcp: Descriptor) { (self.udp, self.tcp) = (udp, tcp) }

    /// Opens them in the network namespace that the thread is in; its loopback interface must be up.
    package static func open(at address: SocketAddress = SocketAddress(resolverAddress, port: 53)) throws(SystemError)
        -> ResolverSockets
    {
        let udp = try openSocket(address.domain, .udp)
        let tcp = try openSocket(address.domain, .tcp)
        try setOption(tcp, SOL_SOCKET, SO_REUSEADDR, 1)
        for socket in [udp, tcp] {
            try check("bind", "\(address)") { address.withSockaddr { bind(socket.raw, $0, $1) } }
        }
        try check("listen", "\(address)") { listen(tcp.raw, 64) }
        return ResolverSockets(udp: udp, tcp: tcp)
    }
}

/// Opens a container's resolver sockets.
package func openResolverSockets(inNamespaceOfPID pid: pid_t) throws -> ResolverSockets {
    try withNetworkNamespace(ofPID: pid) { try ResolverSockets.open() }
}
