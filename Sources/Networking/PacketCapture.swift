// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The packets that go through one link of this network namespace (packet(7)).
package final class PacketCapture {
    package struct Packet {
        /// From the Ethernet header on, at most as long as was asked for.
        package var bytes: [UInt8]
        /// How long it was.
        package var length: Int
        /// When the kernel had it, in nanoseconds since 1970.
        package var time: UInt64
        /// Whether the container sent it; else it was sent to it.
        package var isFromContainer: Bool
    }

    package let descriptor: Descriptor
    private var buffer: [UInt8]
    /// Packets that came while the kernel's queue was full.
    private var lost = 0
    private let isInside: Bool

    /// - Parameters:
    ///   - link: its name.
    ///   - longest: bytes of a packet that are taken.
    ///   - isInside: whether it is the container's own end; else the host's end of its veth pair.
    /// - Throws: ENODEV where there is no such link, EPERM for who has not CAP_NET_RAW.
    package init(link: String, longest: Int, isInside: Bool = false) throws(SystemError) {
        let index = if_nametoindex(link)
        guard index != 0 else { throw SystemError("if_nametoindex", link) }
        descriptor = Descriptor(try check("socket", link) { trice_packet_socket(Int32(index)) })
        buffer = [UInt8](repeating: 0, count: longest)
        self.isInside = isInside
    }

    /// - Returns: nil where none waits.
    /// - Throws: ENETDOWN where the link is gone.
    package func next() throws(SystemError) -> Packet? {
        var length = 0, time: UInt64 = 0, isOutgoing: Int32 = 0
        do throws(SystemError) {
            let count = try check("recvmsg") {
                trice_receive_packet(descriptor.raw, &buffer, buffer.count, &length, &time, &isOutgoing)
            }
            return Packet(
                bytes: Array(buffer[..<count]), length: length, time: time,
                isFromContainer: (isOutgoing != 0) == isInside)
        } catch {
            if error.errno == EAGAIN { return nil }
            throw error
        }
    }

    /// How many packets the kernel could not keep until they were read.
    package func dropped() throws(SystemError) -> Int {
        var count: UInt32 = 0
        // The kernel counts from the last question on.
        try check("getsockopt") { trice_packets_dropped(descriptor.raw, &count) }
        lost += Int(count)
        return lost
    }
}
