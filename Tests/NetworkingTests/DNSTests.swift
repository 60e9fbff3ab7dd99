// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import SplitMix
import Testing

@testable import Networking

func hex(_ text: String) -> [UInt8] {
    text.split(separator: "\n").flatMap { line -> [UInt8] in
        line.prefix { $0 != "#" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
}

@Suite struct DNSMessageTests {
    static let query = hex(
        """
        12 34                       # id
        01 00                       # RD
        00 01 00 00 00 00 00 01     # one question, one additional record
        03 57 65 62 02 64 62 00     # Web.db
        00 01 00 01                 # A, IN
        00 00 29 04 d0 00 00 00 00 00 00  # OPT: 1232 bytes
        """)

    @Test func `a query is read`() throws {
        let message = try DNSMessage(parsing: Self.query)
        #expect(message.id == 0x1234 && !message.isResponse && message.opcode == 0)
        #expect(message.questions == [.init(DNSName("web.db.")!, type: 1)])
        #expect(message.largestDatagram == 1232)
        #expect(message.encoded == Self.query)
    }

    @Test func `an answer has the question as it was spelt, and points back to its name`() throws {
        let query = try DNSMessage(parsing: Self.query)
        let response = try #require(query.response(to: query.questions[0], .addresses([IPv4Address("10.0.0.2")!])))
        #expect(
            response.encoded
                == hex(
                    """
                    12 34 81 80                 # id; QR, RD, RA, NOERROR
                    00 01 00 01 00 00 00 01     # one question, one answer, one additional record
                    03 57 65 62 02 64 62 00     # Web.db
                    00 01 00 01
                    c0 0c 00 01 00 01           # the name at 12, A, IN
                    00 00 00 05 00 04           # 5 s, 4 bytes
                    0a 00 00 02
                    00 00 29 10 00 00 00 00 00 00 00  # OPT: 4096 bytes
                    """))
    }

    @Test func `a pointer record holds a name`() throws {
        let query = DNSMessage(id: 1, flags: 0x0100, questions: [.init(DNSName("2.0.0.10.in-addr.arpa")!, type: 12)])
        let response = try #require(query.response(to: query.questions[0], .pointer(DNSName("web-1.net")!)))
        #expect(response.answers[0].data == hex("05 77 65 62 2d 31 03 6e 65 74 00"))
    }

    @Test func `a compressed name is read`() throws {
        let message = try DNSMessage(
            parsing: hex(
                """
                00 01 81 80 00 01 00 01 00 00 00 00
                01 61 01 62 00 00 01 00 01      # a.b at 12
                01 63 c0 0e 00 05 00 01         # c + (b at 14): CNAME
                00 00 00 01 00 02 c0 0c
                """))
        #expect(message.answers[0].name?.key == "c.b")
        #expect(message.answers[0].data == [0xc0, 0x0c])
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var body: String
        var error: String
    }

    @Test(arguments: [
        Row(testDescription: "a pointer to itself", body: "c0 0c 00 01 00 01", error: "does not point back"),
        Row(testDescription: "a pointer forward", body: "c0 20 00 01 00 01", error: "does not point back"),
        Row(
            testDescription: "a pointer into the own name", body: "01 61 c0 0c 00 01 00 01",
            error: "does not point back"),
        Row(testDescription: "half a pointer", body: "c0", error: "ends inside a pointer"),
        Row(testDescription: "no end", body: "01 61", error: "ends inside a name"),
        Row(testDescription: "half a label", body: "05 61", error: "ends inside a label"),
        Row(testDescription: "an unknown kind of label", body: "41 61 00 00 01 00 01", error: "unknown kind 1"),
        Row(testDescription: "no type", body: "01 61 00 00", error: "ends inside a number"),
        Row(testDescription: "the root", body: "00 00 01 00 01", error: "about the root"),
        Row(testDescription: "nothing", body: "", error: "ends inside a name"),
    ])
    func `a broken question`(_ row: Row) {
        let bytes = hex("ab cd 01 00 00 01 00 00 00 00 00 00 \(row.body)")
        #expect { try DNSMessage(parsing: bytes) } throws: {
            guard case .malformed(0xabcd, let text)? = $0 as? DNSMessage.Problem else { return false }
            return text.contains(row.error)
        }
    }

    @Test func `a name of more than 255 bytes is broken`() {
        let label = "3f " + String(repeating: "61 ", count: 63)
        let bytes = hex("ab cd 01 00 00 01 00 00 00 00 00 00 " + String(repeating: label, count: 4) + "00 00 01 00 01")
        #expect { try DNSMessage(parsing: bytes) } throws: { "\($0)".contains("a name is too long") }
        #expect(DNSName(String(repeating: "a", count: 64)) == nil)
        #expect(DNSName("a..b") == nil && DNSName("") == nil && DNSName(".") == nil)
    }

    @Test func `counts that promise more than there is are an error at once`() {
        #expect(throws: DNSMessage.Problem.self) {
            try DNSMessage(parsing: hex("ab cd 01 00 ff ff ff ff ff ff ff ff 01 61 00 00 01 00 01"))
        }
        #expect(throws: DNSMessage.Problem.noHeader) { try DNSMessage(parsing: [1, 2, 3]) }
    }

    @Test func `random bytes end in a message or an error`() {
        var random = SplitMix(state: 1)
        var parsed = 0
        for round in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                // Small numbers, lengths and pointers more often than not.
                let small = UInt8.random(in: 0...20, using: &random)
                return round % 3 == 0
                    ? UInt8.random(in: 0...255, using: &random)
                    : [small, 0, 0xc0, small].randomElement(using: &random)!
            }
            if bytes.count > 12 {
                bytes.replaceSubrange(4..<12, with: [0, 1, 0, UInt8(round % 3), 0, 0, 0, UInt8(round % 2)])
            }
            guard let message = try? DNSMessage(parsing: bytes) else { continue }
            parsed += 1
            let again = try? DNSMessage(parsing: message.encoded)
            #expect(again == message)
        }
        #expect(parsed > 20)
    }

    @Test func `names differ by their bytes and not by their case`() {
        #expect(DNSName("WEB.local") == DNSName("web.LOCAL."))
        let dotted = DNSName(labels: [Array("a.b".utf8)])
        #expect(dotted != nil && dotted != DNSName("a.b"))
        #expect(dotted?.key == "a\\046b")
        #expect(DNSName("4.3.2.10.in-addr.arpa")?.reverseAddress == IPv4Address("10.2.3.4"))
        #expect(DNSName("3.2.10.in-addr.arpa")?.reverseAddress == nil)
        #expect(DNSName("x.3.2.10.in-addr.arpa")?.reverseAddress == nil)
    }
}

@Suite struct DNSZoneTests {
    private func place(_ address: String?, _ address6: String? = nil) -> DNSZone.Place {
        DNSZone.Place(address.flatMap { IPv4Address($0) }, address6.flatMap { IPv6Address($0) })
    }

    private var zone: DNSZone {
        var zone = DNSZone()
        zone.add(["p-web-1", "web", "0123456789ab"], at: place("10.0.0.2"), network: "p_default")
        zone.add(["p-web-2", "web"], at: place("10.0.0.3"), network: "p_default")
        zone.add(["p-db-1", "db", "DB"], at: place("10.1.0.2"), network: "p_back")
        return zone
    }

    private func ask(_ name: String, _ type: UInt16 = 1, in networks: [String] = ["p_default"], zone: DNSZone? = nil)
        -> DNSAnswer
    {
        var random = SplitMix(state: 1)
        return (zone ?? self.zone).answer(.init(DNSName(name)!, type: type), in: networks, using: &random)
    }

    private func set(_ answer: DNSAnswer) -> Set<String>? {
        guard case .addresses(let addresses) = answer else { return nil }
        return Set(addresses.map(\.description))
    }

    @Test func `a service is all its replicas`() {
        #expect(set(ask("web")) == ["10.0.0.2", "10.0.0.3"])
        #expect(set(ask("WEB.")) == ["10.0.0.2", "10.0.0.3"])
        #expect(set(ask("p-web-2")) == ["10.0.0.3"])
        #expect(set(ask("0123456789AB")) == ["10.0.0.2"])
        #expect(set(ask("web.p_default")) == ["10.0.0.2", "10.0.0.3"])
    }

    @Test func `the order of replicas varies`() {
        var random = SplitMix(state: 1)
        let zone = self.zone
        let orders = (0..<50).map { _ in zone.answer(.init(DNSName("web")!, type: 1), in: ["p_default"], using: &random)
        }
        #expect(Set(orders).count == 2)
    }

    @Test func `only the own networks' names are seen`() {
        #expect(ask("db") == .forward)
        #expect(set(ask("db", in: ["p_default", "p_back"])) == ["10.1.0.2"])
        #expect(ask("db.p_back") == .forward)
        #expect(ask("web", in: []) == .forward)
    }

    @Test(arguments: [28 as UInt16, 15, 33, 16, 65])
    func `another type of a known name is empty, and never asked elsewhere`(_ type: UInt16) {
        #expect(ask("web", type) == .empty)
        #expect(ask("nobody", type) == .forward)
    }

    @Test func `a container with an IPv6 address has that too, and its replicas without one do not hide it`() {
        var zone = self.zone
        zone.add(["p-web-3", "web"], at: place("10.0.0.4", "fd00::4"), network: "p_default")
        #expect(ask("web", 28, zone: zone) == .addresses6([IPv6Address("fd00::4")!]))
        #expect(set(ask("web", zone: zone)) == ["10.0.0.2", "10.0.0.3", "10.0.0.4"])
        let reverse = "4." + String(repeating: "0.", count: 27) + "0.0.d.f.ip6.arpa"
        #expect(ask(reverse, 12, zone: zone) == .pointer(DNSName("p-web-3.p_default")!))
        zone.remove(place("10.0.0.4", "fd00::4"), network: "p_default")
        #expect(ask("web", 28, zone: zone) == .empty)
        #expect(ask(reverse, 12, zone: zone) == .forward)
        #expect(zone == self.zone)
    }

    @Test func `who asks for everything gets one record that says so`() throws {
        #expect(ask("web", 255) == .minimal && ask("3.0.0.10.in-addr.arpa", 255) == .minimal)
        #expect(ask("elsewhere.example", 255) == .forward)
        let query = DNSMessage(id: 1, flags: 0x0100, questions: [.init(try #require(DNSName("web")), type: 255)])
        let answers = query.response(to: query.questions[0], .minimal)?.answers
        // HINFO with the processor "RFC8482" and no operating system.
        #expect(answers?.map(\.type) == [13] && answers?[0].data == [7] + Array("RFC8482".utf8) + [0])
    }

    @Test func `an address is asked for its name`() {
        #expect(ask("3.0.0.10.in-addr.arpa", 12) == .pointer(DNSName("p-web-2.p_default")!))
        #expect(ask("2.0.1.10.in-addr.arpa", 12) == .forward)
        #expect(ask("9.0.0.10.in-addr.arpa", 12) == .forward)
    }

    @Test func `a container that is gone has no name`() {
        var zone = self.zone
        zone.remove(place("10.0.0.2"), network: "p_default")
        #expect(set(ask("web", zone: zone)) == ["10.0.0.3"])
        #expect(ask("p-web-1", zone: zone) == .forward)
        zone.remove(place("10.0.0.3"), network: "p_default")
        zone.remove(place("10.1.0.2"), network: "p_back")
        zone.remove(place("10.1.0.2"), network: "p_back")
        #expect(zone == DNSZone())
    }

    @Test func `an address that comes again under other names keeps none of the old`() {
        var zone = self.zone
        zone.add(["new"], at: place("10.0.0.2"), network: "p_default")
        #expect(set(ask("web", zone: zone)) == ["10.0.0.3"])
        #expect(set(ask("new", zone: zone)) == ["10.0.0.2"])
    }
}

@Suite struct ServiceNameTests {
    private let web = DNSZone.Place(IPv4Address("10.0.0.2"), IPv6Address("fd00::2"))
    private let other = DNSZone.Place(nil, IPv6Address("fd00::3"))

    private func ask(_ name: String, _ type: UInt16 = 33, in networks: [String] = ["p_default"]) -> DNSAnswer {
        let ports = [
            ServicePort(80, transport: "tcp", names: ["HTTP", "web-plain"]), ServicePort(53, transport: "udp"),
        ]
        var zone = DNSZone()
        zone.add(["p-web-1", "web"], at: web, ports: ports, network: "p_default")
        zone.add(["p-web-2", "web"], at: other, ports: ports, network: "p_default")
        zone.add(["p-db-1", "db"], at: DNSZone.Place(IPv4Address("10.0.0.9")), network: "p_default")
        var random = SplitMix(state: 1)
        return zone.answer(.init(DNSName(name)!, type: type), in: networks, using: &random)
    }

    private func targets(_ answer: DNSAnswer) -> Set<String>? {
        guard case .services(let services) = answer else { return nil }
        return Set(services.map { "\($0.target)\($0.port)" })
    }

    @Test(arguments: [
        "_http._tcp.web", "_HTTP._TCP.Web.", "_web-plain._tcp.web", "_80._tcp.web", "_80._tcp.web.p_default",
    ])
    func `a port's name or number leads to all replicas by their containers' names`(_ name: String) {
        #expect(targets(ask(name)) == ["p-web-1.p_default.80", "p-web-2.p_default.80"])
    }

    @Test func `one container is asked for by its own name`() {
        #expect(targets(ask("_53._udp.p-web-2")) == ["p-web-2.p_default.53"])
    }

    @Test(arguments: ["_https._tcp.web", "_http._udp.web", "_80._tcp.db", "_53._tcp.web"])
    func `a port that a known service does not have is not there, and never asked elsewhere`(_ name: String) throws {
        #expect(ask(name) == .missing)
        let query = DNSMessage(id: 1, flags: 0x0100, questions: [.init(try #require(DNSName(name)), type: 33)])
        #expect(query.response(to: query.questions[0], .missing)?.code == DNSMessage.Code.nameError.rawValue)
    }

    @Test func `other types of a port's name are empty, and others' names are forwarded`() {
        #expect(ask("_http._tcp.web", 1) == .empty && ask("_http._tcp.web", 255) == .minimal)
        #expect(ask("_ldap._tcp.example.com") == .forward && ask("_http._tcp.web", in: []) == .forward)
    }

    @Test func `the record says where, and the addresses come with it where they fit`() throws {
        let query = DNSMessage(
            id: 1, flags: 0x0100, questions: [.init(try #require(DNSName("_53._udp.p-web-1")), type: 33)])
        let response = try #require(query.response(to: query.questions[0], ask("_53._udp.p-web-1")))
        // Priority 0, weight 1, port 53, p-web-1.p_default
        let data = hex("00 00 00 01 00 35 07 70 2d 77 65 62 2d 31 09 70 5f 64 65 66 61 75 6c 74 00")
        #expect(response.answers.map(\.data) == [data] && response.answers[0].type == 33)
        #expect(response.additionals.map(\.type) == [1, 28])
        #expect(response.additionals.map(\.data) == [[10, 0, 0, 2], IPv6Address("fd00::2")!.bytes])
        let whole = response.encoded.count
        #expect(response.encoded(fitting: whole).count == whole)
        let short = try DNSMessage(parsing: response.encoded(fitting: whole - 1))
        #expect(short.answers.count == 1 && short.additionals.isEmpty && !short.isTruncated)
        #expect(try DNSMessage(parsing: response.encoded(fitting: 40)).isTruncated)
    }
}

@Suite struct ContainerFilesTests {
    @Test func `a resolv.conf is read`() {
        let configuration = ResolverConfiguration(
            parsing: """
                # comment
                nameserver 192.0.2.1
                nameserver 2001:db8::1 ; comment
                nameserver fe80::1%eth0
                nameserver
                nameserver 192.0.2.2
                nameserver 192.0.2.3
                domain old.example
                search a.example\tb.example
                options ndots:2 timeout:1
                options edns0
                sortlist 1.2.3.4
                """)
        #expect(configuration.upstreams.map(\.description) == ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"])
        #expect(configuration.search == ["a.example", "b.example"])
        #expect(configuration.options == ["ndots:2", "timeout:1", "edns0"])
        #expect(ResolverConfiguration(parsing: "").upstreams.map(\.description) == ["127.0.0.1:53"])
    }

    @Test func `a container asks its resolver and keeps the host's search list`() {
        let host = ResolverConfiguration(parsing: "nameserver 192.0.2.1\nsearch a.example\noptions ndots:2 edns0\n")
        #expect(
            ResolverConfiguration.container(host: host).text
                == "nameserver 127.0.0.11\nsearch a.example\noptions ndots:0\n")
        #expect(
            ResolverConfiguration.container(host: host, search: ["x"], options: ["ndots:3"]).text
                == "nameserver 127.0.0.11\nsearch x\noptions ndots:3\n")
        #expect(
            ResolverConfiguration.container(host: host, search: ["."], options: ["use-vc"]).text
                == "nameserver 127.0.0.11\noptions use-vc ndots:0\n")
    }

    @Test func `a hosts file has localhost, what was asked for, and the own addresses`() {
        let hosts = HostsFile(
            hostname: "web", domain: "example.org", addresses: [IPv4Address("10.0.0.2")!, IPv4Address("10.1.0.2")!],
            extraHosts: [("a", "192.0.2.1"), ("host.internal", "host-gateway")], gateway: IPv4Address("10.0.0.1"))
        #expect(
            hosts.text == """
                127.0.0.1\tlocalhost
                192.0.2.1\ta
                10.0.0.1\thost.internal
                10.0.0.2\tweb.example.org web
                10.1.0.2\tweb.example.org web

                """)
        let v6 = HostsFile(hostname: "a.b", addresses: [], extraHosts: [("x", "host-gateway")], hasIPv6: true)
        #expect(v6.text.contains("::1\tlocalhost ip6-localhost ip6-loopback\n") && !v6.text.contains("\tx\n"))
        #expect(HostsFile(hostname: "a.b", addresses: ["10.0.0.2"]).text.hasSuffix("10.0.0.2\ta.b a\n"))
    }
}
