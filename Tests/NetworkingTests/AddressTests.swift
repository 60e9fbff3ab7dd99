// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import SplitMix
import Testing

@testable import Networking

@Suite struct AddressTests {
    @Test(arguments: [
        ("0.0.0.0", 0 as UInt32), ("10.0.0.1", 0x0a00_0001), ("255.255.255.255", 0xffff_ffff),
        ("192.168.1.20", 0xc0a8_0114),
    ])
    func `an IPv4 address is read and written`(_ row: (String, UInt32)) {
        #expect(IPv4Address(row.0)?.value == row.1)
        #expect(IPv4Address(row.1).description == row.0)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ", "1..3.4", "a.b.c.d",
        "1.2.3.4/8", "1.2.3.٤", "1.2.3.1000",
    ])
    func `what is no IPv4 address is refused`(_ text: String) { #expect(IPv4Address(text) == nil) }

    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("::ffff:10.0.0.1", "::ffff:a00:1"),
        ("fe80:0:0:0:1:2:3:4", "fe80::1:2:3:4"), ("1:2:3:4:5:6:10.0.0.1", "1:2:3:4:5:6:a00:1"), ("0:0:1::", "0:0:1::"),
    ])
    func `an IPv6 address is read, and written in its one form`(_ row: (String, String)) throws {
        let address = try #require(IPv6Address(row.0))
        #expect(address.description == row.1)
        #expect(IPv6Address(bytes: address.bytes) == address)
        #expect(IPv6Address(row.1) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1%eth0",
        "1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", ":1::", "1:",
    ])
    func `what is no IPv6 address is refused`(_ text: String) { #expect(IPv6Address(text) == nil) }

    @Test func `a prefix has its first, last and host addresses`() throws {
        let prefix = try #require(IPv4Prefix("10.1.2.3/20"))
        #expect("\(prefix)" == "10.1.0.0/20")
        #expect("\(prefix.last)" == "10.1.15.255")
        #expect(prefix.hosts == 0x0a01_0001...0x0a01_0ffe)
        #expect(try #require(IPv4Prefix("10.0.0.4/31")).hosts == 0x0a00_0004...0x0a00_0005)
        #expect(try #require(IPv4Prefix("10.0.0.4/32")).hosts.count == 1)
        #expect(try #require(IPv4Prefix("0.0.0.0/0")).contains(IPv4Address(.max)))
    }

    @Test(arguments: ["10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/008", "/8", "10.0.0.0/8/8"])
    func `what is no prefix is refused`(_ text: String) { #expect(IPv4Prefix(text) == nil) }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.0.0/16", true), ("10.1.0.0/16", "10.0.0.0/8", true), ("10.0.0.0/24", "10.0.1.0/24", false),
        ("0.0.0.0/0", "1.2.3.4/32", true), ("10.0.0.0/24", "10.0.0.0/24", true),
    ])
    func `two networks overlap where one holds the other`(_ row: (String, String, Bool)) throws {
        #expect(try #require(IPv4Prefix(row.0)).overlaps(try #require(IPv4Prefix(row.1))) == row.2)
    }

    @Test func `an IPv6 prefix knows what it holds`() throws {
        let prefix = try #require(IPv6Prefix("fd00:1::5/64"))
        #expect("\(prefix)" == "fd00:1::/64")
        #expect(prefix.contains(try #require(IPv6Address("fd00:1::9"))))
        #expect(!prefix.contains(try #require(IPv6Address("fd00:1:0:1::9"))))
        #expect(try #require(IPv6Prefix("fd00::/126")).contains(try #require(IPv6Address("fd00::3"))))
        #expect(!(try #require(IPv6Prefix("fd00::/126")).contains(try #require(IPv6Address("fd00::4")))))
        #expect(IPv6Prefix("fd00::/129") == nil)
    }

    @Test func `random IPv6 addresses read back as they were written`() {
        var random = SplitMix(state: 3)
        for _ in 0..<2000 {
            // Many zero groups, so that runs of all lengths occur.
            func half() -> UInt64 {
                (0..<4).reduce(0) { value, _ in
                    value << 16 | (Bool.random(using: &random) ? 0 : UInt64.random(in: 0...0xffff, using: &random))
                }
            }
            let address = IPv6Address(high: half(), low: half())
            #expect(IPv6Address(address.description) == address)
        }
    }
}
