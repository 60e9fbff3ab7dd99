// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The blocks of a pcapng file (draft-ietf-opsawg-pcapng), in little-endian order.
package enum CaptureFormat {
    /// The beginning of a file: a section header.
    ///
    /// - Parameter program: what has written it.
    package static func header(program: String) -> [UInt8] {
        block(0x0A0D_0D0A) { body in
            body.append(UInt32(0x1A2B_3C4D))
            body.append(UInt16(1))
            body.append(UInt16(0))
            body.append(UInt64.max)  // of unknown length
            body.append(option: 4, Array(program.utf8))
            body.endOptions()
        }
    }

    /// One link; the first has the number 0.
    package static func interface(_ name: String, longest: Int) -> [UInt8] {
        block(1) { body in
            body.append(UInt16(1))  // LINKTYPE_ETHERNET
            body.append(UInt16(0))
            body.append(UInt32(longest))
            body.append(option: 2, Array(name.utf8))
            body.append(option: 9, [9])  // times are nanoseconds
            body.endOptions()
        }
    }

    /// A packet, as the container's side of the link sees it: what the host has received, the container has sent.
    package static func packet(_ packet: PacketCapture.Packet, interface: Int) -> [UInt8] {
        block(6) { body in
            body.append(UInt32(interface))
            body.append(time: packet.time)
            body.append(UInt32(packet.bytes.count))
            body.append(UInt32(packet.length))
            body.append(padded: packet.bytes)
            body.append(option: 2, [packet.isFromContainer ? 2 : 1, 0, 0, 0])
            body.endOptions()
        }
    }

    /// What there was of a link in all.
    ///
    /// - Parameter dropped: packets that nobody took.
    package static func statistics(interface: Int, time: UInt64, dropped: Int) -> [UInt8] {
        block(5) { body in
            body.append(UInt32(interface))
            body.append(time: time)
            var count: [UInt8] = []
            count.append(UInt64(dropped))
            body.append(option: 5, count)
            body.endOptions()
        }
    }

    private static func block(_ type: UInt32, _ fill: (inout [UInt8]) -> Void) -> [UInt8] {
        var body: [UInt8] = []
        fill(&body)
        let length = UInt32(body.count + 12)
        var block: [UInt8] = []
        block.append(type)
        block.append(length)
        block += body
        block.append(length)
        return block
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(time: UInt64) {
        append(UInt32(time >> 32))
        append(UInt32(truncatingIfNeeded: time))
    }

    /// To a multiple of four bytes.
    fileprivate mutating func append(padded bytes: [UInt8]) {
        append(contentsOf: bytes)
        append(contentsOf: repeatElement(0, count: (4 - bytes.count % 4) % 4))
    }

    fileprivate mutating func append(option code: UInt16, _ value: [UInt8]) {
        append(code)
        append(UInt16(value.count))
        append(padded: value)
    }

    fileprivate mutating func endOptions() { append(UInt32(0)) }
}
