// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Netlink

@testable import Networking

/// Ethernet frames that lie about who sends them, as a program with CAP_NET_RAW can make them.
enum Frame {
    static let everybody = [UInt8](repeating: 0xff, count: 6)

    static func ethernet(_ type: UInt16, from source: [UInt8], to target: [UInt8], _ body: [UInt8]) -> [UInt8] {
        target + source + [UInt8(type >> 8), UInt8(type & 0xff)] + body
    }

    /// "`address` is at `hardware`" (RFC 826), told to one neighbour without having been asked.
    static func arpReply(
        _ address: IPv4Address, at hardware: [UInt8], to target: IPv4Address, _ targetHardware: [UInt8]
    ) -> [UInt8] {
        let body = [0, 1, 8, 0, 6, 4, 0, 2] + hardware + address.bytes + targetHardware + target.bytes
        return ethernet(0x0806, from: hardware, to: targetHardware, body)
    }

    /// One byte by UDP, with a checksum of zero: none (RFC 768).
    static func udp(
        from source: IPv4Address, _ hardware: [UInt8], to target: IPv4Address, _ targetHardware: [UInt8], port: UInt16,
        _ byte: UInt8
    ) -> [UInt8] {
        let datagram = [0x30, 0x39, UInt8(port >> 8), UInt8(port & 0xff), 0, 9, 0, 0, byte]
        var header: [UInt8] = [0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0] + source.bytes + target.bytes
        let sum = checksum(header)
        (header[10], header[11]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
        return ethernet(0x0800, from: hardware, to: targetHardware, header + datagram)
    }

    /// "`address` is at `hardware`" (RFC 4861, section 4.4), from the sender's own link-local address.
    static func neighbourAdvertisement(
        _ address: IPv6Address, at hardware: [UInt8], to target: IPv6Address, _ targetHardware: [UInt8]
    ) -> [UInt8] {
        let source = IPv6Address(linkLocalOf: hardware)
        // Override, with the target's link-layer address as the only option.
        var message: [UInt8] = [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + hardware
        let length = UInt8(message.count)
        let sum = checksum(source.bytes + target.bytes + [0, 0, 0, length, 0, 0, 0, 58] + message)
        (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
        let header = [0x60, 0, 0, 0, 0, length, 58, 255] + source.bytes + target.bytes
        return ethernet(0x86dd, from: hardware, to: targetHardware, header + message)
    }

    /// RFC 1071
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }
}

/// Sends frames as they are on an interface of the network namespace that the thread is in (packet(7)).
func send(_ frames: [[UInt8]], on interface: String) throws {
    let socket = Descriptor(try check("socket") { Glibc.socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0) })
    // struct sockaddr_ll: family, protocol, index of the interface, and what a sender leaves at zero.
    var address = [UInt8](repeating: 0, count: 20)
    address.withUnsafeMutableBytes {
        $0.storeBytes(of: UInt16(AF_PACKET), as: UInt16.self)
        $0.storeBytes(of: if_nametoindex(interface), toByteOffset: 4, as: UInt32.self)
    }
    for frame in frames {
        try check("sendto") {
            address.withUnsafeBytes {
                let raw = $0.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                return sendto(socket.raw, frame, frame.count, 0, raw, socklen_t($0.count))
            }
        }
    }
}
