// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import SplitMix
import Testing

@testable import Netlink

/// What came over a socket is not trusted: each broken input ends in a typed error.
@Suite struct MalformedTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: String
        var error: String
    }

    @Test(arguments: [
        Row(testDescription: "half a header", bytes: "10 00 00 00 02 00", error: "a message's flags needs 2 bytes"),
        Row(
            testDescription: "length zero", bytes: "00 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00",
            error: "the length 0"),
        Row(
            testDescription: "length below a header", bytes: "0f 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00",
            error: "15"),
        Row(
            testDescription: "length beyond the datagram", bytes: "11 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00",
            error: "needs 1 bytes where 0 are left"),
        Row(
            testDescription: "length beyond all bounds", bytes: "ff ff ff ff 02 00 00 00 01 00 00 00 00 00 00 00",
            error: "a message's body needs"),
    ])
    func `a broken message`(_ row: Row) {
        #expect { try NetlinkMessage.parse(hex(row.bytes)[...]) } throws: { "\($0)".contains(row.error) }
    }

    @Test(arguments: [
        Row(testDescription: "half a header", bytes: "04 00 01", error: "an attribute's type needs"),
        Row(testDescription: "length zero", bytes: "00 00 01 00", error: "an attribute of type 1 has the length 0"),
        Row(testDescription: "length three", bytes: "03 00 01 00", error: "the length 3"),
        Row(testDescription: "length beyond the end", bytes: "09 00 01 00 00 00 00 00", error: "needs 5 bytes where 4"),
        Row(testDescription: "largest length", bytes: "ff ff 01 00", error: "needs 65531 bytes where 0"),
    ])
    func `broken attributes`(_ row: Row) {
        var cursor = MessageCursor(hex(row.bytes)[...])
        #expect { try cursor.attributes() } throws: { "\($0)".contains(row.error) }
    }

    @Test func `the last attribute may lack its padding`() throws {
        var cursor = MessageCursor(hex("05 00 03 00 41")[...])
        #expect(try cursor.attributes().text(IFLA.IFNAME) == "A")
    }

    @Test func `a number of the wrong size is an error`() throws {
        var cursor = MessageCursor(hex("06 00 04 00 41 42")[...])
        let attributes = try cursor.attributes()
        #expect(throws: NetlinkError.malformed("IFLA.MTU has 2 bytes and not 4")) {
            try attributes.number(IFLA.MTU, UInt32.self)
        }
    }

    /// 20,000 random inputs, most of them with a plausible start so that the parsers get deep.
    @Test func `random bytes end in a value or an error`() {
        var random = SplitMix(state: 42)
        var parsed = 0
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...120, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if bytes.count >= 16, Bool.random(using: &random) {
                bytes.replaceSubrange(0..<4, with: [UInt8(bytes.count), 0, 0, 0])
                for index in stride(from: 32, to: bytes.count - 4, by: 8) {
                    bytes.replaceSubrange(index..<index + 2, with: [8, 0])
                }
            }
            guard let messages = try? NetlinkMessage.parse(bytes[...]) else { continue }
            for message in messages {
                parsed += 1
                _ = try? Acknowledgement(message)
                _ = try? Link(body: message.body)
                _ = try? InterfaceAddress(body: message.body)
                _ = try? Route(body: message.body)
            }
        }
        #expect(parsed > 1000)
    }

    /// Parsing what was built gives back what was put in.
    @Test func `attributes read back as they were written`() throws {
        var random = SplitMix(state: 7)
        for _ in 0..<500 {
            let mtu = UInt32.random(in: 0 ... .max, using: &random)
            let name = String(repeating: "n", count: Int.random(in: 0...15, using: &random))
            let address = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var builder = MessageBuilder()
            builder.attribute(IFLA.MTU, mtu)
            builder.attribute(IFLA.ADDRESS, address)
            builder.nested(IFLA.LINKINFO) { $0.attribute(IFLA_INFO.KIND, name) }
            var cursor = MessageCursor(builder.bytes[...])
            let attributes = try cursor.attributes()
            #expect(try attributes.number(IFLA.MTU, UInt32.self) == mtu)
            #expect(attributes.bytes(IFLA.ADDRESS).map(Array.init) == address)
            #expect(try attributes.nested(IFLA.LINKINFO)?.text(IFLA_INFO.KIND) == name)
        }
    }
}
