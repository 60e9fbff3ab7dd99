// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Addresses, names and shared namespaces, seen from inside.
@Suite struct NetworkTests {
    private static let addresses = """
        services:
          a: { image: busybox:1, init: true, networks: { n: { ipv4_address: 10.253.7.77, ipv6_address: "fd00:7::77", mac_address: "02:42:0a:fd:07:07" } } }
          b: { image: busybox:1, init: true, networks: [n] }
        networks:
          n:
            driver_opts: { com.docker.network.driver.mtu: "1400" }
            ipam:
              config:
                - { subnet: 10.253.7.0/24, gateway: 10.253.7.200, ip_range: 10.253.7.128/25, aux_addresses: { x: 10.253.7.128 } }
                - { subnet: "fd00:7::/64" }
        """

    @Test func `addresses, ranges and the MTU are as the file says`() throws {
        try Sandbox.run("addresses") { box in
            try box.write(NetworkTests.addresses)
            box.must("up", "-d")
            let shown = box.exec("a", "ip", "addr", "show", "eth0")
            for text in ["inet 10.253.7.77/24", "inet6 fd00:7::77/64", "02:42:0a:fd:07:07", "mtu 1400"] {
                #expect(shown.contains(text), "\(shown)")
            }
            #expect(box.exec("a", "ip", "route").contains("default via 10.253.7.200"))
            // Not the address that is reserved, and within the range.
            #expect(box.exec("b", "ip", "addr", "show", "eth0").contains("inet 10.253.7.129/24"))
            #expect(box.exec("b", "ping", "-4", "-c", "1", "a").contains("10.253.7.77"))
            #expect(box.exec("b", "ping6", "-c", "1", "a").contains("fd00:7::77"))
            #expect(box.exec("b", "nslookup", "-type=aaaa", "a").contains("fd00:7::77"))
        }
    }

    @Test func `an address that is taken or outside is refused at its line`() throws {
        try Sandbox.run("taken") { box in
            func file(_ address: String) -> String {
                """
                services:
                  a: { image: busybox:1, init: true, networks: { n: { ipv4_address: 10.253.8.9 } } }
                  b:
                    image: busybox:1
                    depends_on: [a]
                    networks: { n: { ipv4_address: \(address) } }
                networks: { n: { ipam: { config: [{ subnet: 10.253.8.0/24 }] } } }
                """
            }
            for (address, says) in [
                ("10.253.8.9", "10.253.8.9 of 10.253.8.0/24 is already in use"),
                ("10.253.9.9", "10.253.9.9 is not in the network's subnet 10.253.8.0/24"),
            ] {
                try box.write(file(address))
                let up = box.try_("up", "-d")
                #expect(up.status == 1 && up.err.contains("compose.yaml:6:"), "\(up)")
                #expect(up.err.contains(says), "\(up)")
                #expect(box.state(of: "a") == "running")
            }
        }
    }

    @Test func `with x-trice dns healthy a replica that is not healthy has no name`() throws {
        try Sandbox.run("healthy") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true }
                  b:
                    image: busybox:1
                    init: true
                    scale: 2
                    healthcheck: { test: "test -e /healthy", interval: 100ms, retries: 1 }
                    x-trice: { dns: healthy }
                """)
            box.must("up", "-d")
            func found() -> Int {
                box.exec("a", "nslookup", "-type=a", "b").matches(of: /Address: \d+\.\d+\.\d+\.\d+\n/).count
            }
            #expect(found() == 0)
            for number in ["1", "2"] { box.must("exec", "-T", "--index", number, "b", "touch", "/healthy") }
            #expect(box.eventually { found() == 2 })
            box.must("exec", "-T", "--index", "2", "b", "rm", "/healthy")
            #expect(box.eventually { found() == 1 })
            // It still runs, and is found by nobody after the supervisor's death either.
            if let supervisor = box.supervisorPID { kill(supervisor, SIGKILL) }
            #expect(box.state(of: "b") == "running running")
            #expect(box.eventually { found() == 1 })
        }
    }

    @Test func `what is sent to a container that has just started again arrives`() throws {
        try Sandbox.run("again") { box in
            try box.write(
                """
                services: { a: { image: busybox:1, init: true }, b: { image: busybox:1, init: true } }
                networks: { default: { enable_ipv6: true } }
                """)
            box.must("up", "-d")
            for _ in 0..<10 {
                // Who knows its hardware address does not ask for it.
                for family in ["-4", "-6"] { _ = box.exec("b", "ping", family, "-c", "1", "a") }
                box.must("restart", "-t", "0", "a")
                for family in ["-4", "-6"] {
                    let answer = box.exec("b", "ping", family, "-c", "1", "-W", "1", "a")
                    #expect(answer.contains("1 packets received"), "\(answer)")
                }
            }
        }
    }

    @Test func `in a network without IPv6 no interface has such an address, but one that the file gives`() throws {
        try Sandbox.run("fouronly") { box in
            try box.write(
                """
                services:
                  four: { image: busybox:1, init: true, networks: [four] }
                  small: { image: busybox:1, init: true, networks: [small] }
                  given: { image: busybox:1, init: true, networks: { four: { link_local_ips: ["fe80::7"] } } }
                  six: { image: busybox:1, init: true, networks: [six] }
                networks:
                  four:
                  small: { driver_opts: { com.docker.network.driver.mtu: 1200 } }
                  six: { enable_ipv6: true }
                """)
            box.must("up", "-d")
            func addresses(_ service: String) -> [Substring] {
                box.exec(service, "ip", "-6", "addr", "show", "eth0").matches(of: /inet6 ([^ ]+)/).map(\.1)
            }
            #expect(addresses("four") == [] && addresses("small") == [])
            #expect(addresses("given") == ["fe80::7/64"])
            #expect(addresses("six").count == 2)
        }
    }

    @Test func `a network may have IPv6 alone`() throws {
        try Sandbox.run("sixonly") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, hostname: six, command: httpd -f -p 80 -h /, ports: [80], extra_hosts: ["here:host-gateway"] }
                  b: { image: busybox:1, init: true }
                networks: { default: { enable_ipv4: false, enable_ipv6: true } }
                """)
            box.must("up", "-d")
            #expect(!box.exec("b", "ip", "-4", "addr").contains("eth0"))
            #expect(box.exec("b", "ip", "-6", "route").contains("default via fd"))
            #expect(box.exec("b", "ping6", "-c", "1", "a").contains("1 packets received"))
            #expect(box.exec("b", "nslookup", "-type=aaaa", "a").contains("Address: fd"))
            #expect(!box.exec("b", "nslookup", "-type=a", "a").contains("Address: fd"))
            #expect(box.exec("a", "ping6", "-c", "1", "here").contains("1 packets received"))
            let port = box.must("port", "a", "80").out.split(separator: ":").last.map { $0.dropLast() } ?? ""
            #expect(box.run(["/usr/bin/curl", "-s", "http://127.0.0.1:\(port)/etc/hostname"]).out == "six\n")
            // As before, by another supervisor.
            if let supervisor = box.supervisorPID { kill(supervisor, SIGKILL) }
            box.must("restart", "-t", "0", "a")
            #expect(box.exec("b", "ping6", "-c", "1", "a").contains("1 packets received"))
            #expect(box.must("network", "inspect", "sixonly_default").out.contains("\"EnableIPv4\" : false"))
            #expect(box.must("network", "ls").out.contains("fd"))
        }
    }

    @Test func `a network without IPv6 and without IPv4 is none, and has no address of a kind that it lacks`() throws {
        try Sandbox.run("sixrefused") { box in
            for (service, network, says) in [
                ("", "enable_ipv4: false", "neither IPv4 nor IPv6"),
                (
                    "", "enable_ipv4: false, enable_ipv6: true, ipam: { config: [{ subnet: 10.253.9.0/24 }] }",
                    "an IPv4 subnet"
                ),
                ("ipv4_address: 10.253.9.9", "enable_ipv4: false, enable_ipv6: true", "the network has no IPv4"),
                ("ipv6_address: 'fd00::9'", "enable_ipv6: false", "the network has no IPv6"),
            ] {
                try box.write(
                    "services: { a: { image: busybox:1, networks: { default: { \(service) } } } }\nnetworks: { default: { \(network) } }\n"
                )
                let up = box.try_("up", "-d")
                #expect(up.status == 1 && up.err.contains("compose.yaml:") && up.err.contains(says), "\(up)")
                box.must("down")
            }
        }
    }

    @Test func `a network that the file defines in another way is made again, with those who are on it`() throws {
        try Sandbox.run("changed") { box in
            func file(_ options: String) -> String {
                """
                services:
                  a: { image: busybox:1, init: true, networks: [n] }
                  b: { image: busybox:1, init: true, networks: [other] }
                networks: { n: { \(options) }, other: {} }
                """
            }
            try box.write(file("ipam: { config: [{ subnet: 10.253.30.0/24 }] }"))
            box.must("up", "-d")
            let (a, b) = (box.id(of: "a"), box.id(of: "b"))
            try box.write(file("ipam: { config: [{ subnet: 10.253.31.0/24 }] }"))
            let plan = box.must("plan").out
            #expect(plan.contains("recreate network changed_n: the file says something else of it now"), "\(plan)")
            #expect(plan.contains("recreate changed-a-1: network changed_n is made again"), "\(plan)")
            box.must("up", "-d")
            #expect(box.exec("a", "ip", "addr").contains("10.253.31.2/24"))
            #expect(box.id(of: "a") != a && box.id(of: "b") == b)
            #expect(box.must("plan").out == "Nothing to do.\n")
            // Not under the feet of somebody else.
            try box.write(
                """
                name: guest
                services: { g: { image: busybox:1, init: true, networks: [n] } }
                networks: { n: { external: true, name: changed_n } }
                """, to: "guest.yaml")
            #expect(box.trice("-f", "guest.yaml", "up", "-d").status == 0)
            try box.write(file("internal: true"))
            let refused = box.try_("up", "-d")
            #expect(refused.status == 1 && refused.err.contains("compose.yaml:4:"), "\(refused)")
            #expect(refused.err.contains("containers of guest are on it"), "\(refused)")
            #expect(box.trice("-p", "guest", "down", "-t", "0").status == 0)
            box.must("up", "-d")
            #expect(!box.exec("a", "ip", "route").contains("default"))
        }
    }

    @Test func `a port's name leads to who serves it`() throws {
        try Sandbox.run("srv") { box in
            try box.write(
                """
                services:
                  web:
                    image: busybox:1
                    init: true
                    scale: 2
                    ports: [{ name: plain, app_protocol: http, target: 8080 }]
                    expose: [9090/udp]
                  asker: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            for name in ["_plain._tcp.web", "_http._tcp.web.srv_default", "_8080._tcp.web"] {
                let text = box.exec("asker", "nslookup", "-type=srv", name)
                for number in 1...2 {
                    #expect(text.contains("0 1 8080 srv-web-\(number).srv_default"), "\(text)")
                }
            }
            #expect(box.exec("asker", "nslookup", "-type=srv", "_9090._udp.srv-web-1").contains("0 1 9090 srv-web-1"))
            let missing = box.try_("exec", "-T", "asker", "nslookup", "-type=srv", "_ftp._tcp.web")
            #expect((missing.out + missing.err).contains("NXDOMAIN"), "\(missing)")
        }
    }

    @Test func `a link is a name for one container alone`() throws {
        try Sandbox.run("links") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, links: ["b:database"] }
                  b: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            #expect(box.exec("a", "ping", "-c", "1", "database").contains("1 packets received"))
            #expect(box.try_("exec", "-T", "b", "nslookup", "database").status != 0)
        }
    }

    @Test func `a network that the file does not know any more is made anew, also where its link was left behind`()
        throws
    {
        try Sandbox.run("leftlink") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }\n")
            box.must("up", "-d")
            let networks = "\(box.directory)/root/networks"
            let record = try String(contentsOfFile: "\(networks)/leftlink_default.json", encoding: .utf8)
            let bridge = try #require(record.firstMatch(of: /"bridge":"([^"]+)"/)?.1)
            box.must("down", "-t", "1")
            // As after somebody removed the root's directory while a stack was up.
            #expect(box.run(["/sbin/ip", "link", "add", String(bridge), "type", "bridge"]).status == 0)
            _ = box.run(["/sbin/ip", "addr", "add", "10.253.99.1/24", "dev", String(bridge)])
            box.must("up", "-d")
        }
    }

    @Test func `roots that come up at once do not take the same subnet`() throws {
        try Sandbox.run("apartone") { one in
            try Sandbox.run("aparttwo") { two in
                let file =
                    "services: { a: { image: busybox:1, init: true, networks: [x, y, z] } }\nnetworks: { x: {}, y: {}, z: {} }\n"
                for box in [one, two] { try box.write(file) }
                let ups = try [one, two].map { try $0.start("up", "-d", output: "log") }
                for up in ups { up.waitUntilExit() }
                #expect(ups.map(\.terminationStatus) == [0, 0], "\(one.read("log"))\(two.read("log"))")
                let addresses = [one, two].flatMap {
                    $0.exec("a", "ip", "-4", "-o", "addr", "show").matches(of: /inet (172|10)\.(\d+)\.(\d+)\./).map {
                        "\($0.1).\($0.2).\($0.3)"
                    }
                }
                #expect(addresses.count == 6 && Set(addresses).count == 6, "\(addresses)")
            }
        }
    }
}
