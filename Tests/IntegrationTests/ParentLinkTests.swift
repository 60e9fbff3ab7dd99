// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Networks whose containers are neighbours on a link of the host: macvlan and ipvlan.
@Suite struct ParentLinkTests {
    /// Of these kinds of links those that the kernel makes.
    private static let kinds = ["macvlan", "ipvlan", "vlan", "dummy"].filter { kind in
        func ip(_ words: String) -> Bool {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/sbin/ip")
            process.arguments = words.split(separator: " ").map(String.init)
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }
        let name = "tk\(getpid())"
        defer { _ = ip("link del \(name)") }
        if kind == "dummy" { return ip("link add \(name) type dummy") }
        let options = kind == "vlan" ? " id 9" : ""
        return ip("link add \(name) type veth peer name \(name)p")
            && ip("link add link \(name) name \(name)c type \(kind)\(options)")
    }

    static func has(_ kind: String) -> Bool { kinds.contains(kind) }

    /// A segment whose router, 10.253.21.1, is another host.
    private func lan(_ box: Sandbox, _ prefix: String) throws -> OtherHost {
        let router = try OtherHost(box, prefix: prefix)
        try router.inside("addr", "add", "10.253.21.1/24", "dev", "eth0")
        try router.inside("addr", "add", "fd00:21::1/64", "dev", "eth0", "nodad")
        return router
    }

    private func file(_ driver: String, _ options: String, a: String = "") -> String {
        """
        services:
          a: { image: busybox:1, init: true, restart: always, networks: { lan: { ipv4_address: 10.253.21.7\(a) } } }
          b: { image: busybox:1, init: true, networks: [lan] }
        networks:
          lan:
            driver: \(driver)
            driver_opts: { \(options) }
            ipam:
              config:
                - { subnet: 10.253.21.0/24, gateway: 10.253.21.1, ip_range: 10.253.21.64/26 }
                - { subnet: "fd00:21::/64", gateway: "fd00:21::1" }
        """
    }

    private func expectNeighbours(_ box: Sandbox, _ router: OtherHost) {
        #expect(box.exec("b", "ip", "-4", "addr", "show", "eth0").contains("inet 10.253.21.64/24"))
        for target in ["10.253.21.1", "a", "10.253.21.7"] {
            #expect(
                box.exec("b", "ping", "-4", "-c", "1", "-W", "2", target).contains("1 packets received"), "\(target)")
        }
        #expect(box.exec("b", "ping6", "-c", "1", "-W", "2", "fd00:21::1").contains("1 packets received"))
        #expect(router.run("/bin/busybox", "ping", "-c", "1", "-W", "2", "10.253.21.7").status == 0)
    }

    @Test(.enabled(if: has("macvlan"), "this kernel has no macvlan"))
    func `by macvlan containers are neighbours with hardware addresses of their own, found again after a restart`()
        throws
    {
        try Sandbox.run("macvlan") { box in
            let router = try lan(box, "pa")
            try box.write(file("macvlan", "parent: \(router.link)", a: ", mac_address: '02:42:0a:fd:15:07'"))
            box.must("up", "-d")
            expectNeighbours(box, router)
            #expect(box.exec("a", "ip", "route").contains("default via 10.253.21.1 dev eth0"))
            #expect(router.run("/sbin/ip", "neigh", "show", "10.253.21.7").out.contains("02:42:0a:fd:15:07"))
            let network = box.must("network", "inspect", "macvlan_lan").out
            #expect(network.contains("\"Driver\" : \"macvlan\"") && network.contains(router.link), "\(network)")
            // The same addresses on the same parent, while the kernel may still take the old network down.
            for _ in 0..<5 {
                let pid = try #require(box.pid(of: "a"))
                kill(pid, SIGKILL)
                #expect(
                    box.eventually { box.pid(of: "a").map { $0 != pid } ?? false && box.state(of: "a") == "running" })
                #expect(router.run("/bin/busybox", "ping", "-c", "1", "-W", "2", "10.253.21.7").status == 0)
            }
            // Also after another supervisor has taken them over.
            if let supervisor = box.supervisorPID { kill(supervisor, SIGKILL) }
            box.must("restart", "-t", "0", "a")
            expectNeighbours(box, router)
        }
    }

    @Test(.enabled(if: has("ipvlan"), "this kernel has no ipvlan"))
    func `by ipvlan containers are neighbours with the parent's hardware address`() throws {
        try Sandbox.run("ipvlan") { box in
            let router = try lan(box, "pb")
            try box.write(file("ipvlan", "parent: \(router.link)"))
            box.must("up", "-d")
            expectNeighbours(box, router)
            box.must("restart", "-t", "0", "a")
            expectNeighbours(box, router)
        }
    }

    @Test(.enabled(if: has("ipvlan"), "this kernel has no ipvlan"))
    func `an ipvlan that routes needs no neighbours for its way out`() throws {
        try Sandbox.run("ipvlanl3") { box in
            let router = try lan(box, "pc")
            try box.write(file("ipvlan", "parent: \(router.link), ipvlan_mode: l3"))
            box.must("up", "-d")
            #expect(box.exec("a", "ip", "route").contains("default dev eth0"))
            #expect(box.exec("b", "ping", "-4", "-c", "1", "-W", "2", "a").contains("1 packets received"))
        }
    }

    @Test(.enabled(if: has("vlan") && has("macvlan"), "this kernel has no 802.1Q"))
    func `a parent such as eth0 and a number is made as a VLAN, and goes with the network`() throws {
        try Sandbox.run("vlan") { box in
            let router = try lan(box, "pd")
            try router.inside("link", "add", "link", "eth0", "name", "v", "type", "vlan", "id", "50")
            try router.inside("addr", "del", "10.253.21.1/24", "dev", "eth0")
            try router.inside("addr", "del", "fd00:21::1/64", "dev", "eth0")
            try router.inside("addr", "add", "10.253.21.1/24", "dev", "v")
            try router.inside("addr", "add", "fd00:21::1/64", "dev", "v", "nodad")
            try router.inside("link", "set", "v", "up")
            try box.write(file("macvlan", "parent: \(router.link).50"))
            box.must("up", "-d")
            expectNeighbours(box, router)
            #expect(box.must("system", "check").out.contains("vlan \(router.link).50: network vlan_lan"))
            box.must("down", "-t", "0")
            #expect(box.run(["/sbin/ip", "link", "show", "\(router.link).50"]).status != 0)
        }
    }

    @Test(.enabled(if: has("dummy") && has("macvlan"), "this kernel has no dummy links"))
    func `without a parent containers have each other alone`() throws {
        try Sandbox.run("noparent") { box in
            try box.write(file("macvlan", "macvlan_mode: bridge"))
            box.must("up", "-d")
            #expect(box.exec("b", "ping", "-4", "-c", "1", "-W", "2", "a").contains("1 packets received"))
            #expect(!box.exec("b", "ip", "route").contains("default"))
        }
    }

    @Test func `what cannot be had is refused at its line`() throws {
        try Sandbox.run("noparentlink") { box in
            let wrong = [
                ("driver: macvlan\n    driver_opts: { parent: nosuch0 }", ":5:", "the host has no link nosuch0"),
                (
                    "driver: macvlan\n    driver_opts: { parent: lo, macvlan_mode: odd }", ":5:",
                    "macvlan_mode: odd is none of private, vepa, bridge, passthru"
                ),
                ("driver: macvlan\n    driver_opts: { ipvlan_mode: l2 }", ":5:", "ipvlan_mode: is not supported"),
                ("driver: overlay", ":4:", "networks.driver"),
            ]
            for (network, line, says) in wrong {
                try box.write(
                    "services: { a: { image: busybox:1, networks: [n] } }\nnetworks:\n  n:\n    \(network)\n")
                let up = box.try_("up", "-d")
                #expect(up.status != 0 && up.err.contains("compose.yaml\(line)"), "\(up)")
                #expect(up.err.contains(says.replacing("networks.", with: "")), "\(up)")
            }
        }
    }

    @Test(.enabled(if: has("macvlan"), "this kernel has no macvlan"))
    func `what the host cannot do for containers past it is refused at its line`() throws {
        try Sandbox.run("pasthost") { box in
            let router = try lan(box, "pe")
            for (key, says) in [
                ("ports: ['8080:80']", "leads past this host"), ("extra_hosts: ['here:host-gateway']", "host-gateway"),
            ] {
                try box.write(
                    """
                    services:
                      a:
                        image: busybox:1
                        networks: [lan]
                        \(key)
                    networks: { lan: { driver: macvlan, driver_opts: { parent: \(router.link) } } }
                    """)
                let up = box.try_("up", "-d")
                #expect(up.status == 1 && up.err.contains("compose.yaml:5:") && up.err.contains(says), "\(up)")
            }
        }
    }
}
