// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Networking

@Suite struct CaptureFormatTests {
    private func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<min(start + 4, bytes.count)].map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
        }.joined(separator: " ")
    }

    @Test func `a file begins with a section header`() {
        // Type, length, byte order, version 1.0, length unknown, the program's name, the end of options, length.
        #expect(
            hex(CaptureFormat.header(program: "abcde"))
                == "0a0d0d0a 2c000000 4d3c2b1a 01000000 ffffffff ffffffff 04000500 61626364 65000000 00000000 2c000000")
    }

    @Test func `an interface says its name, its longest packet and the unit of its times`() {
        #expect(
            hex(CaptureFormat.interface("web", longest: 96))
                == "01000000 28000000 01000000 60000000 02000300 77656200 09000100 09000000 00000000 28000000")
    }

    @Test(arguments: [(true, "02"), (false, "01")])
    func `a packet has its time, both lengths and its direction as the container sees it`(_ row: (Bool, String)) {
        let packet = PacketCapture.Packet(
            bytes: [1, 2, 3, 4, 5], length: 60, time: 0x1_0000_0002, isFromContainer: row.0)
        #expect(
            hex(CaptureFormat.packet(packet, interface: 1))
                == "06000000 34000000 01000000 01000000 02000000 05000000 3c000000 01020304 05000000 02000400 \(row.1)000000 00000000 34000000"
        )
    }

    @Test func `the end of a capture says how many packets were lost`() {
        #expect(
            hex(CaptureFormat.statistics(interface: 0, time: 0x1_0000_0002, dropped: 3))
                == "05000000 28000000 00000000 01000000 02000000 05000800 03000000 00000000 00000000 28000000")
    }

    struct Row: CustomTestStringConvertible {
        let name: String
        /// EtherType, then what follows.
        let frame: [UInt8]
        let passes: Bool
        var testDescription: String { name }
    }

    private static let peer: [UInt8] = [10, 0, 0, 2], other: [UInt8] = [10, 0, 0, 3]
    private static let peer6 = [UInt8](repeating: 0xFD, count: 16), other6 = [UInt8](repeating: 0xFC, count: 16)

    private static func ip(_ source: [UInt8], _ destination: [UInt8]) -> [UInt8] {
        source.count == 4
            ? [8, 0] + [UInt8](repeating: 0, count: 12) + source + destination
            : [0x86, 0xDD] + [UInt8](repeating: 0, count: 8) + source + destination
    }

    private static let rows = [
        Row(name: "IPv4 to the peer", frame: ip(other, peer), passes: true),
        Row(name: "IPv4 from the peer", frame: ip(peer, other), passes: true),
        Row(name: "IPv4 between others", frame: ip(other, [10, 0, 0, 4]), passes: false),
        Row(name: "IPv6 to the peer", frame: ip(other6, peer6), passes: true),
        Row(name: "IPv6 from the peer", frame: ip(peer6, other6), passes: true),
        Row(name: "IPv6 between others", frame: ip(other6, other6), passes: false),
        Row(
            name: "ARP about the peer",
            frame: [8, 6] + [UInt8](repeating: 0, count: 14) + other + [0, 0, 0, 0, 0, 0] + peer,
            passes: true),
        Row(name: "cut off", frame: [8, 0, 1, 2], passes: false),
        Row(name: "another protocol", frame: [8, 1], passes: false),
        Row(name: "empty", frame: [], passes: false),
    ]

    @Test("Only packets of the peer's pass its filter", arguments: rows)
    func filter(_ row: Row) throws {
        let filter = PeerFilter(
            [try #require(IPv4Address(bytes: Self.peer))], [try #require(IPv6Address(bytes: Self.peer6))])
        let addresses = [UInt8](repeating: 2, count: 12)
        #expect(filter.passes(row.frame.isEmpty ? [] : addresses + row.frame) == row.passes)
    }
}
