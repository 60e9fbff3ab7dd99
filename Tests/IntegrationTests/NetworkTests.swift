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
