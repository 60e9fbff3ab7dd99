// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

/// One end of a SOCK_SEQPACKET pair: whole messages of JSON, each with descriptors (SCM_RIGHTS, unix(7)).
package struct PacketSocket {
    /// That travel with one message.
    package static let mostDescriptors = 64

    package let descriptor: Descriptor

    package init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Both ends, close-on-exec.
    package static func pair() throws(SystemError) -> (PacketSocket, PacketSocket) {
        var ends: [Int32] = [-1, -1]
        try check("socketpair") {
            socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        return (PacketSocket(Descriptor(ends[0])), PacketSocket(Descriptor(ends[1])))
    }

    /// Sends one message.
    ///
    /// - Parameter wait: whether to wait where the other end's queue is full; else EAGAIN.
    package func send(_ message: some Encodable, descriptors: [Descriptor] = [], wait: Bool = true) throws {
        let bytes = try encodeJSON(message, sorted: false)
        // The optimiser may end a descriptor's life after its last use, which is not when its number is read.
        try withExtendedLifetime(descriptors) {
            let raw = descriptors.map(\.raw)
            try check("sendmsg") {
                trice_send_descriptors(
                    descriptor.raw, bytes, bytes.count, raw, Int32(raw.count), wait ? 0 : Int32(MSG_DONTWAIT))
            }
        }
    }

    /// The next message; nil when the other end is closed.
    ///
    /// - Throws: EAGAIN where `wait` is false and there is none; what the decoder throws for a malformed one.
    package func receive<T: Decodable>(_ type: T.Type, wait: Bool = true) throws -> (
        message: T, descriptors: [Descriptor]
    )? {
        var raw = [Int32](repeating: -1, count: PacketSocket.mostDescriptors)
        var count: Int32 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let flags = wait ? 0 : Int32(MSG_DONTWAIT)
        var length: Int
        do throws(SystemError) {
            length = try check("recvmsg") {
                trice_receive_descriptors(descriptor.raw, &buffer, buffer.count, &raw, Int32(raw.count), &count, flags)
            }
        } catch {
            // The other end closed without reading all that was sent to it. What it sent before is still in the queue.
            guard error.errno == ECONNRESET else { throw error }
            length = try check("recvmsg") {
                trice_receive_descriptors(descriptor.raw, &buffer, buffer.count, &raw, Int32(raw.count), &count, flags)
            }
        }
        let descriptors = raw[..<Int(count)].map { Descriptor($0) }
        if length == 0 { return nil }
        return (try decodeJSON(type, from: Array(buffer[..<length])), descriptors)
    }
}
