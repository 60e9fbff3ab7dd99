// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Linux
import Networking
import Testing

/// Published ports and who has them.
@Suite struct PortTests {
    private func port(_ address: SocketAddress) throws -> HostPort { try HostPort(address, .tcp) }

    @Test func `a port is published for IPv4 and IPv6, or where the file says`() throws {
        try Sandbox.run("families") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    command: ["sh", "-c", "echo hello > index.html; httpd -f -p 80"]
                    ports: ["80", "[::1]::81", "127.0.0.1::82"]
                """)
            box.must("up", "-d")
            let number = box.must("port", "a", "80").out.split(separator: ":").last.map { $0.dropLast() } ?? ""
            #expect(box.ps().count == 1)
            let shown = box.must("ps", "--format", "{{.Ports}}").out
            for text in ["0.0.0.0:\(number)->80/tcp, [::]:\(number)->80/tcp", "[::1]:", "127.0.0.1:"] {
                #expect(shown.contains(text), "\(shown)")
            }
            #expect(shown.split(separator: ",").count == 4, "\(shown)")
            // The container has no IPv6: the host's proxy stands between.
            for host in ["127.0.0.1", "[::1]"] {
                let page = box.run(["/bin/busybox", "wget", "-q", "-O", "-", "http://\(host):\(number)/"])
                #expect(page.out == "hello\n", "\(host): \(page)")
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `a port that is in use is refused at its line, with who has it`(host: String) throws {
        try Sandbox.run("inuse") { box in
            let address = SocketAddress(try #require(SocketAddress.Host(host)), port: 0)
            let held = try port(address)
            defer { withExtendedLifetime(held) {} }
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    ports: ["\(held.address.port):80"]
                """)
            let up = box.try_("up", "-d")
            #expect(up.status == 1 && up.err.contains("compose.yaml:4:"), "\(up)")
            #expect(up.err.contains("is in use by ") && up.err.contains("(pid \(getpid()))"), "\(up)")
        }
    }

    @Test func `SCTP is refused with the kernel's word where it has none`() throws {
        try Sandbox.run("sctp") { box in
            try box.write("services: { a: { image: busybox:1, init: true, ports: [\"36412/sctp\"] } }\n")
            let up = box.try_("up", "-d")
            let hasProtocol = (try? HostPort(SocketAddress(IPv4Address("127.0.0.1")!, port: 0), .sctp)) != nil
            if hasProtocol {
                #expect(up.status == 0, "\(up)")
            } else {
                #expect(up.status == 1 && up.err.contains("compose.yaml:1:"), "\(up)")
                #expect(up.err.contains("this kernel cannot serve it") && up.err.contains("EPROTONOSUPPORT"), "\(up)")
            }
        }
    }

    /// libnftables waits with select(2), and the C library ends whoever does so with a descriptor from 1024 on.
    @Test func `a supervisor that has more than a thousand descriptors open starts containers as ever`() throws {
        try Sandbox.run("many-descriptors") { box in
            try box.write(
                """
                services:
                  a: { image: "busybox:1", ports: ["127.0.0.1:20000-21099:20000-21099"] }
                  b: { image: "busybox:1", depends_on: [a] }
                """)
            box.must("up", "-d", "-t", "0")
            let supervisor = try #require(box.supervisorPID)
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(supervisor)/fd")
            #expect(open.count > 1024)
            box.must("up", "-d", "-t", "0", "--force-recreate", "b")
            #expect(box.state(of: "b") == "running" && box.supervisorPID == supervisor)
            #expect(box.exec("b", "sh", "-c", "ulimit -n") == "\(box.run(["/bin/sh", "-c", "ulimit -n"]).out)")
        }
    }
}
