// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Root inside is nobody outside, and files belong to whom one expects.
@Suite struct UserNamespaceTests {
    private func owner(_ path: String) throws -> [Int] {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return [attributes[.ownerAccountID], attributes[.groupOwnerAccountID]].map { ($0 as? NSNumber)?.intValue ?? -1 }
    }

    private func mapping(_ pid: Int32) throws -> [Int] {
        try String(contentsOfFile: "/proc/\(pid)/uid_map", encoding: .utf8).split(whereSeparator: \.isWhitespace)
            .compactMap { Int($0) }
    }

    @Test func `root of a container is an id of the host that nobody else has`() throws {
        try Sandbox.run("nobody") { box in
            try box.write("services: { a: { image: busybox:1, init: true }, b: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            let maps = try ["a", "b"].map { try mapping(#require(box.pid(of: $0))) }
            #expect(maps[0] == maps[1] && maps[0].count == 3 && maps[0][0] == 0 && maps[0][2] == 65536, "\(maps)")
            #expect(maps[0][1] >= 65536)
            let status = try String(contentsOfFile: "/proc/\(try #require(box.pid(of: "a")))/status", encoding: .utf8)
            #expect(status.contains("Uid:\t\(maps[0][1])\t"))
            #expect(box.exec("a", "id", "-u") == "0\n")
            #expect(box.exec("a", "cat", "/proc/self/uid_map").contains("\(maps[0][1])"))
            // Two projects have different ids.
            try box.write("services: { a: { image: busybox:1, init: true } }", to: "other.yaml")
            #expect(box.trice("-p", "other", "-f", "other.yaml", "up", "-d").status == 0)
            let text = box.trice("-p", "other", "exec", "-T", "a", "cat", "/proc/self/uid_map").out
            #expect(!text.contains("\(maps[0][1])") && text.contains("65536"), "\(text)")
        }
    }

    @Test func `files keep their owners, in layers, volumes and directories of the host`() throws {
        try Sandbox.run("owners") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, volumes: ["v:/data", "./host:/host", "w:/w"] }
                volumes: { v: { name: nsv }, w: { name: nsw } }
                """)
            let host = "\(box.work)/host"
            try FileManager.default.createDirectory(atPath: host, withIntermediateDirectories: true)
            try "mine".write(toFile: "\(host)/file", atomically: true, encoding: .utf8)
            chown("\(host)/file", 1001, 1001)
            chmod("\(host)/file", 0o600)
            box.must("up", "-d")
            #expect(
                box.exec(
                    "a", "stat", "-c", "%u:%g %n", "/bin/busybox", "/data/plain", "/host/file", "/etc/hosts",
                    "/dev/null")
                    == "0:0 /bin/busybox\n1001:2000 /data/plain\n1001:1001 /host/file\n0:0 /etc/hosts\n0:0 /dev/null\n")
            #expect(
                box.must(
                    "exec", "-T", "-u", "app", "a", "sh", "-c",
                    "cat /host/file; touch /host/no 2>/dev/null || echo refused"
                ).out == "minerefused\n")
            #expect(
                box.exec(
                    "a", "sh", "-c",
                    "touch /host/root /w/root /root/x && chown app /w/root && mkdir /srv/d && stat -c %u:%g /root/x /srv/d"
                ) == "0:0\n0:0\n")
            // What comes up from a layer keeps its owner.
            #expect(
                box.exec(
                    "a", "sh", "-c",
                    "echo more >> /etc/group; chmod 600 /data/plain; stat -c '%u:%g %a' /etc/group /data/plain")
                    == "0:0 644\n1001:2000 600\n")
            #expect(try owner("\(host)/root") == [0, 0])
            #expect(try owner("\(box.directory)/root/volumes/nsw/_data/root") == [1001, 0])
            #expect(try owner("\(box.directory)/root/volumes/nsv/_data/plain") == [1001, 2000])
            let id = FileManager.default.enumerator(atPath: "\(box.directory)/root/projects/owners/containers")?.first {
                "\($0)".hasSuffix("upper/root/x")
            }
            let base = try mapping(#require(box.pid(of: "a")))[1]
            #expect(try owner("\(box.directory)/root/projects/owners/containers/\(try #require(id))") == [base, base])
        }
    }

    @Test func `cp sees the ids of the container, whether it runs or not`() throws {
        try Sandbox.run("copies") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            _ = box.exec("a", "sh", "-c", "echo text > /srv/file; chown app:staff /srv/file; chmod 600 /srv/file")
            box.must("cp", "-a", "a:/srv/file", "running")
            box.must("stop", "-t", "0")
            box.must("cp", "-a", "a:/srv/file", "stopped")
            for name in ["running", "stopped"] {
                #expect(box.read(name) == "text\n")
                #expect(try owner("\(box.work)/\(name)") == [1001, 2000])
            }
            box.must("cp", "stopped", "a:/srv/back")
            box.must("up", "-d")
            #expect(box.exec("a", "stat", "-c", "%u:%g", "/srv/back", "/srv/file") == "0:0\n1001:2000\n")
        }
    }

    @Test func `what asks for the host's namespaces or rights stays in the host's user namespace`() throws {
        try Sandbox.run("host") { box in
            try box.write(
                """
                services:
                  mode: { image: busybox:1, userns_mode: host, command: &show cat /proc/self/uid_map }
                  privileged: { image: busybox:1, privileged: true, command: *show }
                  net: { image: busybox:1, network_mode: host, command: *show }
                  pid: { image: busybox:1, pid: host, command: *show }
                  time: { image: busybox:1, cap_add: [SYS_TIME], command: *show }
                  own: { image: busybox:1, cap_add: [NET_ADMIN], command: *show }
                """)
            for service in ["mode", "privileged", "net", "pid", "time", "own"] {
                let map = box.must("run", "--rm", "-T", service).out.split(separator: " ")
                #expect((map.count > 1 && map[1] == "0") == (service != "own"), "\(service): \(map)")
            }
        }
    }

    @Test func `a process may open its output again, whoever it is`() throws {
        try Sandbox.run("reopen") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, command: "sh -c 'echo out > /dev/stdout; echo err > /dev/stderr'" }
                  user: { image: busybox:1, user: app, command: "sh -c 'echo out > /dev/stdout; echo err > /dev/stderr'" }
                  up: { image: busybox:1, init: true }
                """)
            for service in ["a", "user"] {
                box.must("up", "-d", service)
                #expect(box.eventually { box.state(of: service) == "exited" })
                #expect(
                    box.must("logs", "--no-log-prefix", service).out.split(separator: "\n").sorted() == ["err", "out"])
            }
            // Through a pipe, and into a file.
            box.must("up", "-d", "up")
            let command =
                "\(Sandbox.binary) -p reopen exec -T up sh -c 'echo out > /dev/stdout; echo err > /dev/stderr'"
            #expect(box.run(["/bin/sh", "-c", "\(command) 2>&1 | cat"]).out == "out\nerr\n")
            let outcome = box.must(
                "exec", "-T", "up", "sh", "-c", "echo a; echo out > /dev/stdout; echo err > /dev/stderr")
            #expect(outcome.out == "a\nout\n" && outcome.err == "err\n", "\(outcome)")
        }
    }

    @Test func `limits and the place before the OOM killer are what the file says`() throws {
        try Sandbox.run("granted") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, oom_score_adj: 500, ulimits: { nofile: 1000, core: 0 }, init: true }
                """)
            box.must("up", "-d")
            #expect(
                box.exec("a", "sh", "-c", "cat /proc/1/oom_score_adj /proc/self/oom_score_adj; ulimit -n; ulimit -c")
                    == "500\n500\n1000\n0\n")
        }
    }

    @Test func `x-trice owner gives what is written to a bind mount to whoever called`() throws {
        try Sandbox.run("owner") { box in
            try box.write(
                """
                services:
                  root: { image: busybox:1, x-trice: { owner: caller }, volumes: [./data:/data], command: touch /data/root }
                  app: { image: busybox:1, user: app, x-trice: { owner: caller }, volumes: [./data:/data], command: touch /data/app }
                  host: { image: busybox:1, userns_mode: host, x-trice: { owner: caller }, volumes: [./data:/data], command: touch /data/host }
                  one:
                    image: busybox:1
                    volumes:
                      - { type: bind, source: ./data, target: /data, x-trice: { owner: caller } }
                      - ./plain:/plain
                    command: "sh -c 'touch /data/one /plain/one; stat -c %u /data/mine; chown app /data/one; stat -c %u /data/one'"
                """)
            let made = box.run(["/bin/sh", "-c", "mkdir data plain; touch data/mine; chown -R 4711:4712 data"])
            #expect(made.status == 0, "\(made)")
            let caller = ["SUDO_UID": "4711", "SUDO_GID": "4712"]
            for service in ["root", "app", "host"] {
                let outcome = box.try_("run", "--rm", "-T", service, environment: caller)
                #expect(outcome.status == 0, "\(outcome)")
                #expect(try owner("\(box.work)/data/\(service)") == [4711, 4712], "\(service)")
            }
            let outcome = box.try_("run", "--rm", "-T", "one", environment: caller)
            #expect(outcome.out == "0\n1001\n", "\(outcome)")
            // Another user of the container's stays that one.
            #expect(try owner("\(box.work)/data/one") == [1001, 4712])
            #expect(try owner("\(box.work)/plain/one") == [0, 0])
        }
    }
}
