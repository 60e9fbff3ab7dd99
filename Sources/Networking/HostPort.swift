// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// A port of the host that trice holds: a socket that listens (TCP) or is bound (UDP, SCTP).
///
/// It is held from before the container starts until after it ends, so nobody takes the port in between; TCP connections
/// wait in the backlog. An SCTP socket is held for its port alone: only nftables serves it. The descriptor may be kept by
/// another process over a restart and adopted again.
package final class HostPort {
    package let socket: Descriptor
    package let transport: PublishedPort.Transport
    /// With the port that the kernel chose where 0 was asked for.
    package let address: SocketAddress

    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case inUse(SocketAddress, PublishedPort.Transport, by: String?)
        case notLocal(SocketAddress)
        case notAllowed(SocketAddress, PublishedPort.Transport)
        /// The kernel does not have the protocol, or not for this family of addresses.
        case noProtocol(SocketAddress, PublishedPort.Transport, SystemError)
        case system(SystemError)

        /// `port 8080/tcp on 127.0.0.1 is in use by nginx (pid 123)`
        package var description: String {
            switch self {
            case .inUse(let address, let transport, let owner):
                "port \(address.port)/\(transport) on \(address.host) is in use\(owner.map { " by \($0)" } ?? "")"
            case .notLocal(let address): "\(address.host) is not an address of this host"
            case .notAllowed(let address, let transport):
                "port \(address.port)/\(transport) on \(address.host) needs more rights than this user has"
            case .noProtocol(let address, let transport, let error):
                "port \(address.port)/\(transport) on \(address.host): this kernel cannot serve it: \(error)"
            case .system(let error): error.description
            }
        }
    }

    /// Why a port is not to be had.
    package struct Refusal: Error, Hashable, Sendable {
        package var cause: SystemError
        /// Who has it.
        package var owner: String?
        package init(cause: SystemError, owner: String? = nil) { (self.cause, self.owner) = (cause, owner) }
    }

    /// What opens the socket of a port: this process, or another one whose network is the host's.
    package typealias Source = (SocketAddress, PublishedPort.Transport) throws(Refusal) -> Descriptor

    /// Takes the port.
    package init(
        _ address: SocketAddress, _ transport: PublishedPort.Transport, from source: Source = HostPort.open
    ) throws(Problem) {
        do throws(Refusal) {
            let socket = try source(address, transport)
            do throws(SystemError) { self.address = try SocketAddress.local(of: socket.raw) ?? address } catch {
                throw Refusal(cause: error)
            }
            self.socket = socket
            self.transport = transport
        } catch {
            switch error.cause.errno {
            case EADDRINUSE: throw .inUse(address, transport, by: error.owner)
            case EADDRNOTAVAIL: throw .notLocal(address)
            case EPROTONOSUPPORT, EAFNOSUPPORT: throw .noProtocol(address, transport, error.cause)
            case EACCES: throw .notAllowed(address, transport)
            default: throw .system(error.cause)
            }
        }
    }

    /// A socket that has the port.
    package static func open(
        _ address: SocketAddress, _ transport: PublishedPort.Transport
    ) throws(Refusal) -> Descriptor {
        do throws(SystemError) {
            let socket = try openSocket(address.domain, transport)
            if address.domain == AF_INET6 {
                try setOption(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
            }
            // A listener may follow at once on one whose connections are still being closed; for UDP the option would let
            // two sockets share a port.
            if transport == .tcp { try setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1) }
            try check("bind", "\(address)") { address.withSockaddr { bind(socket.raw, $0, $1) } }
            if transport == .tcp { try check("listen", "\(address)") { listen(socket.raw, 4096) } }
            return socket
        } catch {
            throw Refusal(
                cause: error, owner: error.errno == EADDRINUSE ? PortOwner.find(address, transport) : nil)
        }
    }

    /// Goes on with a socket that a former process took.
    package init(adopting socket: Descriptor) throws(SystemError) {
        guard let address = try SocketAddress.local(of: socket.raw) else {
            throw SystemError("getsockname", errno: EAFNOSUPPORT)
        }
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        try check("getsockopt") { getsockopt(socket.raw, SOL_SOCKET, SO_PROTOCOL, &number, &length) }
        (self.socket, self.address) = (socket, address)
        transport =
            switch Int(number) {
            case IPPROTO_UDP: .udp
            case IPPROTO_SCTP: .sctp
            default: .tcp
            }
    }
}
