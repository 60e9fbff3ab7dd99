// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// An address and a port, as socket calls take them (ip(7), ipv6(7)).
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Host: Hashable, Sendable, CustomStringConvertible {
        case v4(IPv4Address)
        case v6(IPv6Address)

        package var isIPv6: Bool { if case .v6 = self { true } else { false } }

        /// Whether it stands for all addresses of the host.
        package var isAny: Bool {
            switch self {
            case .v4(let address): address == .any
            case .v6(let address): address == .any
            }
        }

        package var isLoopback: Bool {
            switch self {
            case .v4(let address): address.isLoopback
            case .v6(let address): address == .loopback
            }
        }

        /// In network order.
        package var bytes: [UInt8] {
            switch self {
            case .v4(let address): address.bytes
            case .v6(let address): address.bytes
            }
        }

        package init?(_ text: some StringProtocol) {
            if let address = IPv4Address(text) {
                self = .v4(address)
            } else if let address = IPv6Address(text) {
                self = .v6(address)
            } else {
                return nil
            }
        }

        package var description: String {
            switch self {
            case .v4(let address): address.description
            case .v6(let address): address.description
            }
        }
    }

    package var host: Host
    package var port: UInt16

    package init(_ host: Host, port: UInt16) { (self.host, self.port) = (host, port) }
    package init(_ address: IPv4Address, port: UInt16) { self.init(.v4(address), port: port) }
    package init(_ address: IPv6Address, port: UInt16) { self.init(.v6(address), port: port) }

    package var description: String {
        switch host {
        case .v4(let address): "\(address):\(port)"
        case .v6(let address): "[\(address)]:\(port)"
        }
    }

    package var domain: Int32 {
        switch host {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    /// Lends the address as a `sockaddr` for one call.
    package func withSockaddr<T>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        switch host {
        case .v4(let address):
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            value.sin_addr.s_addr = address.value.bigEndian
            return withUnsafeBytes(of: &value) { lend($0, body) }
        case .v6(let address):
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin6_addr) { $0.copyBytes(from: address.bytes) }
            return withUnsafeBytes(of: &value) { lend($0, body) }
        }
    }

    /// The address that a call fills in, with the call's result; nil for another family than the two.
    package static func filled<T>(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> T
    ) -> (T, SocketAddress?) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { raw in
            let result = call(raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
            let family = Int32(raw.load(as: sa_family_t.self))
            let port = UInt16(raw[2]) << 8 | UInt16(raw[3])
            // sin_addr stands at byte 4, sin6_addr at byte 8.
            if family == AF_INET, let address = IPv4Address(bytes: raw[4..<8]) {
                return (result, SocketAddress(address, port: port))
            }
            if family == AF_INET6, let address = IPv6Address(bytes: raw[8..<24]) {
                return (result, SocketAddress(address, port: port))
            }
            return (result, nil)
        }
    }

    /// getsockname(2)
    package static func local(of socket: Int32) throws(SystemError) -> SocketAddress? {
        let (result, address) = filled { getsockname(socket, $0, $1) }
        if result != 0 { throw SystemError("getsockname") }
        return address
    }
}

private func lend<T>(_ raw: UnsafeRawBufferPointer, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    body(raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
}

/// A socket, close-on-exec and not blocking.
func openSocket(
    _ domain: Int32, _ transport: PublishedPort.Transport, blocking: Bool = false
) throws(SystemError) -> Descriptor {
    let type = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
    let number = transport == .sctp ? Int32(IPPROTO_SCTP) : 0
    let flags = Int32(SOCK_CLOEXEC.rawValue) | (blocking ? 0 : Int32(SOCK_NONBLOCK.rawValue))
    return Descriptor(try check("socket") { socket(domain, Int32(type.rawValue) | flags, number) })
}

/// setsockopt(2) with a number.
func setOption(_ socket: Descriptor, _ level: Int32, _ name: Int32, _ value: Int32) throws(SystemError) {
    var value = value
    try check("setsockopt") { setsockopt(socket.raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) }
}
