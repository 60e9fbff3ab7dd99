// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// From whom a datagram came and which of the host's addresses it was sent to: an answer goes back from that one, which a
/// socket bound to `any` would not choose by itself (ip(7), `IP_PKTINFO`; ipv6(7), `IPV6_PKTINFO`).
struct DatagramPath: Hashable {
    let client: SocketAddress
    /// The control message that was received, as it is sent with the answer.
    private let control: [UInt8]

    /// Asks the kernel to tell the address with each datagram.
    static func enable(on socket: Descriptor, _ domain: Int32) throws(SystemError) {
        if domain == AF_INET {
            try setOption(socket, Int32(IPPROTO_IP), IP_PKTINFO, 1)
        } else {
            try setOption(socket, Int32(IPPROTO_IPV6), IPV6_RECVPKTINFO, 1)
        }
    }

    /// recvmsg(2)
    ///
    /// - Returns: the call's result, and the path; no path where the kernel does not tell.
    static func receive(_ socket: Descriptor, into buffer: inout [UInt8]) -> (Int, DatagramPath?) {
        var control = [UInt8](repeating: 0, count: 64)
        let (result, sender) = SocketAddress.filled { (name, length) -> (count: Int, control: Int) in
            buffer.withUnsafeMutableBytes { bytes in
                control.withUnsafeMutableBytes { controlBytes in
                    var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                    return withUnsafeMutablePointer(to: &vector) { vector in
                        var message = msghdr()
                        (message.msg_name, message.msg_namelen) = (UnsafeMutableRawPointer(name), length.pointee)
                        (message.msg_iov, message.msg_iovlen) = (vector, 1)
                        (message.msg_control, message.msg_controllen) = (controlBytes.baseAddress, controlBytes.count)
                        return (recvmsg(socket.raw, &message, 0), message.msg_controllen)
                    }
                }
            }
        }
        guard result.count >= 0, let sender else { return (result.count, nil) }
        return (result.count, DatagramPath(sender, control: Array(control[..<min(64, result.control)])))
    }

    /// - Parameter control: a `struct cmsghdr` with `struct in_pktinfo` or `struct in6_pktinfo` behind it.
    private init?(_ client: SocketAddress, control: [UInt8]) {
        let (index, end) = client.domain == AF_INET ? (16, 28) : (32, 36)
        guard control.count >= end else { return nil }
        self.client = client
        var control = Array(control[..<end])
        // The route back decides the interface, but where an address has a meaning on one alone (RFC 4007).
        let isLinkLocal = client.domain == AF_INET6 && control[16] == 0xfe && control[17] & 0xc0 == 0x80
        if !isLinkLocal { control.replaceSubrange(index..<index + 4, with: [0, 0, 0, 0]) }
        self.control = control
    }

    /// Sends the client what is in the buffer, from the address that it wrote to. What cannot be sent is lost, as on a
    /// network.
    func answer(_ buffer: inout [UInt8], count: Int, on socket: Descriptor) {
        var control = control
        client.withSockaddr { name, length in
            buffer.withUnsafeMutableBytes { bytes in
                control.withUnsafeMutableBytes { controlBytes in
                    var vector = iovec(iov_base: bytes.baseAddress, iov_len: count)
                    withUnsafeMutablePointer(to: &vector) { vector in
                        var message = msghdr()
                        (message.msg_name, message.msg_namelen) = (UnsafeMutableRawPointer(mutating: name), length)
                        (message.msg_iov, message.msg_iovlen) = (vector, 1)
                        (message.msg_control, message.msg_controllen) = (controlBytes.baseAddress, controlBytes.count)
                        _ = sendmsg(socket.raw, &message, 0)
                    }
                }
            }
        }
    }
}
