// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Logs, volumes, networks and ports.
@Suite struct ResourceTests {
    @Test func `a volume of several services is filled from the image before any of them runs`() throws {
        try Sandbox.run("filled") { box in
            try box.write(
                """
                services:
                  first: { image: busybox:1, volumes: ["shared:/v"], command: grep -q root /v/passwd }
                  second:
                    image: busybox:1
                    init: true
                    depends_on: { first: { condition: service_completed_successfully } }
                    volumes: ["shared:/etc", "own:/etc/own"]
                volumes: { shared: {}, own: {} }
                """)
            box.must("create")
            // Nothing has run, and it is there.
            let data = "\(box.directory)/root/volumes/filled_shared/_data"
            #expect(try FileManager.default.contentsOfDirectory(atPath: data).contains("passwd"))
            box.must("up", "-d")
            #expect(box.exec("second", "cat", "/etc/passwd").contains("root"))
            box.must("down", "-t", "0", "-v")
        }
    }

    @Test func `logs show every line with its service, the last ones, and the time`() throws {
        try Sandbox.run("logs") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, command: "sh -c 'for i in 1 2 3 4 5; do echo line $$i; done; echo error >&2'" }
                  b: { image: busybox:1, command: "sh -c 'head -c 40000 /dev/zero | tr \\"\\\\0\\" x; echo; echo -n open'" }
                """)
            box.must("up", "-d")
            box.eventually { box.ps().allSatisfy { $0.State == "exited" } }
            #expect(Set(box.must("logs", "a").lines) == Set((1...5).map { "a-1  | line \($0)" } + ["a-1  | error"]))
            #expect(box.must("logs", "--no-log-prefix", "--tail", "0", "a").out == "")
            #expect(box.must("logs", "--no-log-prefix", "--tail", "2", "a").lines.count == 2)
            #expect(box.must("logs", "--no-log-prefix", "b").out == String(repeating: "x", count: 40000) + "\nopen\n")
            let stamped = box.must("logs", "-t", "--no-log-prefix", "a").lines
            #expect(stamped.allSatisfy { $0.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .*/) != nil })
        }
    }

    @Test func `a followed log has every line once and ends with its container`() throws {
        try Sandbox.run("follow") { box in
            try box.write(
                "services: { a: { image: busybox:1, command: \"sh -c 'for i in 1 2 3 4 5 6 7 8; do echo $$i; sleep 0.05; done'\" } }"
            )
            box.must("up", "-d")
            #expect(box.must("logs", "-f", "--no-log-prefix", "a").lines == (1...8).map { "\($0)" })
        }
    }

    @Test func `a volume that is there keeps what it is, and up says where the file asks for something else`() throws {
        try Sandbox.run("kept") { box in
            func file(_ options: String) -> String {
                """
                services: { a: { image: busybox:1, init: true, volumes: ["v:/v"] } }
                volumes:
                  v: { \(options) }
                """
            }
            try box.write(file(""))
            #expect(!box.must("up", "-d").err.contains("driver_opts"))
            try box.write(file("driver_opts: { type: tmpfs, device: tmpfs }"))
            let up = box.must("up", "-d")
            #expect(up.err.contains("compose.yaml:3:21: volume kept_v is there already"), "\(up)")
            box.must("down", "-v", "-t", "0")
        }
    }

    @Test func `a named volume is filled from the image, outlives down, and goes with down -v`() throws {
        try Sandbox.run("volumes") { box in
            try box.write(
                """
                services: { a: { image: busybox:1, init: true, volumes: ["data:/data", "./host:/host:ro"], tmpfs: ["/cache:size=1m"] } }
                volumes: { data: {} }
                """)
            box.must("up", "-d")
            #expect(
                box.exec(
                    "a", "sh", "-c", "cat /data/plain /data/sub/deep; readlink /data/link; stat -c '%a %u:%g' /data")
                    == "plain\ndeep\nplain\n750 1001:2000\n")
            _ = box.exec("a", "sh", "-c", "echo kept > /data/mine")
            #expect(box.exec("a", "sh", "-c", "touch /host/x 2>/dev/null || echo read-only") == "read-only\n")
            #expect(
                box.exec("a", "sh", "-c", "head -c 2000000 /dev/zero > /cache/f 2>/dev/null || echo full") == "full\n")
            box.must("down", "-t", "1")
            box.must("up", "-d")
            #expect(box.exec("a", "cat", "/data/mine") == "kept\n")
            box.must("down", "-v", "-t", "1")
            box.must("up", "-d")
            #expect(box.exec("a", "sh", "-c", "cat /data/mine 2>/dev/null || echo gone") == "gone\n")
        }
    }

    @Test func `names resolve on shared networks, and only there`() throws {
        try Sandbox.run("names") { box in
            try box.write(
                """
                services:
                  front: { image: busybox:1, init: true, networks: [one] }
                  middle: { image: busybox:1, init: true, networks: { one: { aliases: [mid] }, two: {} } }
                  back: { image: busybox:1, init: true, networks: [two] }
                networks: { one: {}, two: { internal: true } }
                """)
            box.must("up", "-d")
            for name in ["middle", "mid", "MIDDLE", "names-middle-1", "front"] {
                #expect(box.exec("front", "ping", "-c", "1", "-W", "2", name).contains("1 packets received"), "\(name)")
            }
            #expect(box.exec("middle", "ping", "-c", "1", "-W", "2", "back").contains("1 packets received"))
            #expect(box.try_("exec", "-T", "front", "ping", "-c", "1", "-W", "1", "back").err.contains("bad address"))
            let address = box.exec("back", "hostname", "-i").trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(!box.exec("front", "ping", "-c", "1", "-W", "1", address).contains("1 packets received"))
        }
    }

    @Test func `published ports serve TCP and UDP on loopback`() throws {
        try Sandbox.run("ports") { box in
            try box.write(
                """
                services:
                  web: { image: busybox:1, init: true, ports: ["127.0.0.1::80"], command: "sh -c 'mkdir /h; echo page > /h/index.html; httpd -f -p 80 -h /h'" }
                  counts: { image: busybox:1, init: true, ports: ["127.0.0.1::5353/udp"] }
                """)
            box.must("up", "-d")
            let web = box.must("port", "web", "80").out.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(
                box.eventually { box.run(["/bin/busybox", "wget", "-q", "-O", "-", "http://\(web)/"]).out == "page\n" })
            // The kernel counts datagrams that arrive where nobody listens.
            let udp = box.must("port", "--protocol", "udp", "counts", "5353").out.trimmingCharacters(
                in: .whitespacesAndNewlines)
            #expect(box.eventually { sendsDatagram(to: udp, in: box) })
        }
    }

    /// - Returns: whether the datagram, or one before, has arrived in the container.
    private func sendsDatagram(to address: String, in box: Sandbox) -> Bool {
        let send = """
            import socket, sys
            host, port = sys.argv[1].split(":")
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (host, int(port)))
            """
        guard box.run(["/usr/bin/env", "python3", "-c", send, address]).status == 0 else { return false }
        return box.exec("counts", "awk", "/^Udp: [0-9]/ { print $3 }", "/proc/net/snmp") != "0\n"
    }

    @Test func `a port in use is refused at its place and says who has it`() throws {
        try Sandbox.run("inuse") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, ports: ["127.0.0.1::80"] }
                  b: { image: busybox:1, init: true, profiles: [late], ports: ["127.0.0.1:${PORT:-1}:80"] }
                """)
            box.must("up", "-d", "a")
            let port =
                box.must("port", "a", "80").out.split(separator: ":").last.map {
                    $0.trimmingCharacters(in: .whitespacesAndNewlines)
                } ?? ""
            let outcome = box.try_("up", "-d", "b", environment: ["PORT": port])
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("compose.yaml:3:"), "\(outcome)")
            #expect(outcome.err.contains("port \(port)/tcp on 127.0.0.1 is in use by trice"), "\(outcome)")
        }
    }
}
