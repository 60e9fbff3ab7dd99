// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `driver_opts` of a bridge network, as the kernel has them.
@Suite struct BridgeOptionTests {
    @Test func `without icc containers of a network do not reach each other by it`() throws {
        try Sandbox.run("icc") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, networks: [n, m] }
                  b:
                    image: busybox:1
                    init: true
                    command: ["sh", "-c", "echo hello > index.html; httpd -f -p 80"]
                    networks: [n, m]
                    ports: ["80"]
                networks:
                  n: { driver_opts: { com.docker.network.bridge.enable_icc: "false" } }
                  m: {}
                """)
            box.must("up", "-d")
            func reaches(_ service: String, _ target: String) -> Bool {
                box.try_("exec", "-T", service, "ping", "-c", "1", "-W", "1", target).status == 0
            }
            #expect(!reaches("a", "b.icc_n") && !reaches("b", "a.icc_n"))
            #expect(reaches("a", "b.icc_m") && reaches("b", "a.icc_m"))
            let route = box.exec("a", "ip", "route", "show", "default").split(separator: " ")
            let gateway = String(try #require(route.count > 2 ? route[2] : nil))
            #expect(reaches("a", gateway))
            let port = box.must("port", "b", "80").out.split(separator: ":").last?.dropLast() ?? ""
            box.eventually {
                box.exec("a", "wget", "-q", "-O", "-", "http://\(gateway):\(port)/") == "hello\n"
            }
            #expect(box.exec("a", "wget", "-q", "-O", "-", "http://\(gateway):\(port)/") == "hello\n")
        }
    }

    @Test func `names, the address to publish on and link-local addresses are as the file says`() throws {
        try Sandbox.run("options") { box in
            let bridge = "rb\(getpid())"
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    ports: ["80"]
                    networks: { n: { link_local_ips: [169.254.7.7, "fe80::7"] } }
                  b: { image: busybox:1, init: true, networks: { n: { link_local_ips: [169.254.7.8] } } }
                networks:
                  n:
                    driver_opts:
                      com.docker.network.bridge.name: \(bridge)
                      com.docker.network.bridge.host_binding_ipv4: 127.0.0.1
                      com.docker.network.container_iface_prefix: shop
                """)
            box.must("up", "-d")
            #expect(FileManager.default.fileExists(atPath: "/sys/class/net/\(bridge)/bridge"))
            #expect(box.trice("system", "check").out.contains("bridge \(bridge): network options_n"))
            let shown = box.exec("a", "ip", "addr", "show", "shop0")
            #expect(shown.contains("inet 169.254.7.7/16") && shown.contains("inet6 fe80::7/64"), "\(shown)")
            #expect(box.try_("exec", "-T", "b", "ping", "-c", "1", "-W", "2", "169.254.7.7").status == 0)
            #expect(box.must("ps", "--format", "{{.Ports}}", "a").out.hasPrefix("127.0.0.1:"))
            #expect(!box.must("ps", "--format", "{{.Ports}}", "a").out.contains("[::]"))
            // Somebody else's link stays as it is.
            try box.write(
                """
                services: { a: { image: busybox:1, networks: [other] } }
                networks:
                  other:
                    driver_opts: { com.docker.network.bridge.name: \(bridge) }
                """, to: "other.yaml")
            let up = box.trice("-p", "other", "-f", "other.yaml", "up", "-d")
            #expect(up.status == 1 && up.err.contains("other.yaml:4:"), "\(up)")
            #expect(up.err.contains("the link \(bridge) is already there"), "\(up)")
            box.must("down", "-t", "0")
            #expect(!FileManager.default.fileExists(atPath: "/sys/class/net/\(bridge)"))
        }
    }

    @Test(arguments: [
        (
            "a: { image: busybox:1, networks: { n: { link_local_ips: [10.0.0.1] } } }", "n: {}",
            "10.0.0.1 is no address of 169.254.0.0/16 or fe80::/10", 2
        ),
        (
            "a: { image: busybox:1, networks: [n] }",
            "n: { driver_opts: { com.docker.network.bridge.enable_icc: perhaps } }",
            "perhaps is neither true nor false", 4
        ),
    ])
    func `what cannot be had is refused at its line`(service: String, network: String, says: String, line: Int) throws {
        try Sandbox.run("refused") { box in
            try box.write("services:\n  \(service)\nnetworks:\n  \(network)\n")
            let up = box.try_("up", "-d")
            #expect(up.status == 1 && up.err.contains("compose.yaml:\(line):") && up.err.contains(says), "\(up)")
        }
    }

    @Test func `driver_opts of a service's network name its interface and set what the kernel keeps for it`() throws {
        try Sandbox.run("endpoint-options") { box in
            func stack(_ options: String) -> String {
                """
                services:
                  a:
                    image: busybox:1
                    networks:
                      net:
                        driver_opts: {\(options)}
                networks: { net: {} }
                """
            }
            let prefix = "com.docker.network.endpoint"
            let sysctls = "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.neigh.IFNAME.ucast_solicit=5"
            try box.write(stack("\(prefix).ifname: lan0, \(prefix).sysctls: \"\(sysctls)\""))
            box.must("up", "-d", "-t", "0")
            let files = "/proc/sys/net/ipv4/conf/lan0/log_martians /proc/sys/net/ipv4/neigh/lan0/ucast_solicit"
            #expect(box.exec("a", "sh", "-c", "cat \(files)") == "1\n5\n")
            for (option, reason) in [
                ("sysctls: net.ipv4.ip_forward=1", "is not of the form net.ipv4.conf.IFNAME.forwarding=1"),
                ("sysctls: net.ipv4.conf.IFNAME.nonsense=1", "no such file or directory (ENOENT)"),
                ("ifname: a/b", "a/b is no name of an interface"), ("other: x", "is not supported"),
            ] {
                try box.write(stack("\(prefix).\(option)"))
                let outcome = box.try_("up", "-d", "-t", "0")
                #expect(outcome.status == 1 && outcome.err.contains(reason), "\(outcome)")
                #expect(outcome.err.contains("compose.yaml:6:"), "\(outcome)")
            }
        }
    }
}
