// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// A user without root's rights, with what Debian gives to users: newuidmap(1) and slirp4netns(1).
@Suite(.serialized) struct RootlessTests {
    private static func page(_ box: Sandbox, _ address: String) -> Outcome {
        box.run(["/bin/busybox", "wget", "-q", "-O", "-", "http://\(address)/"])
    }

    /// Nothing of the user's networks is among the host's.
    private static func expectNoTrace(of user: PlainUserAccount, _ box: Sandbox) {
        let check = user.must("system", "check")
        let tag = String(check.out.split(separator: "\n").first?.split(separator: " ").last ?? "?")
        #expect(tag.count == 8, "\(check)")
        for list in [["/sbin/ip", "-o", "link"], ["/usr/sbin/nft", "list", "tables"]] {
            let found = box.run(list)
            #expect(found.status == 0 && !found.out.contains(tag), "\(found)")
        }
    }

    @Test func `the webshop comes up, serves and goes down`() throws {
        try Sandbox.run("rootless-shop") { box in
            try PlainUserAccount.with(box) { user in
                for image in ["nginx", "redis", "postgres"] { try user.load(image) }
                user.give("\(ExampleTests.package)/examples/webshop", as: ".")
                let up = user.trice("up", "-d", "--wait", environment: ["PORT": "0"])
                #expect(up.status == 0, "\(up)\n\(user.log)")
                let address = user.must("port", "web", "80").out.trimmingCharacters(in: .whitespacesAndNewlines)
                var page = Outcome(status: -1, out: "", err: "")
                box.eventually {
                    page = Self.page(box, address)
                    return page.status == 0
                }
                #expect(page.status == 0 && !page.out.isEmpty, "\(page)\n\(user.must("logs", "--tail", "20"))")
                // Root inside is the user, and all others are its own, too.
                #expect(user.must("exec", "-T", "web", "busybox", "id", "-u").out == "0\n")
                Self.expectNoTrace(of: user, box)
                #expect(user.must("top", "db").out.contains("postgres"))
                #expect(user.must("stats", "--no-stream").out.contains("webshop-web-1"))
                user.must("down", "-v")
                #expect(Self.page(box, address).status != 0)
            }
        }
    }

    @Test func `hello says hello, and files have the owners that the image says`() throws {
        try Sandbox.run("rootless-hello") { box in
            try PlainUserAccount.with(box) { user in
                try user.load("busybox")
                user.give("\(ExampleTests.package)/examples/hello", as: ".")
                let up = user.trice("up", "--no-log-prefix", environment: ["NAME": "a user"])
                #expect(up.status == 0 && up.out == "Hello from a user\n", "\(up)\n\(user.log)")
                user.must("down")
                try user.write(
                    """
                    name: files
                    services:
                      a:
                        image: busybox:1
                        user: "1000:1000"
                        command:
                          - sh
                          - -c
                          - id -u; stat -c %u:%g /; echo x > /dev/null && echo null; cat /etc/hosts > /mine/own; stat -c %u /mine/own
                        tmpfs: ["/mine:mode=1777"]
                        init: true
                      c:
                        image: busybox:1
                        network_mode: host
                        command: ["ip", "-o", "-4", "addr", "show", "tap0"]
                      b:
                        image: busybox:1
                        command: ["sh", "-c", "rm -r /bin/sh && mkdir /bin/sh && ls -ld /bin/sh && chown 7:8 /mine && stat -c %u:%g /mine"]
                        volumes: [./:/mine]
                    """)
                let a = user.trice("run", "--rm", "a")
                #expect(a.out == "1000\n0:0\nnull\n1000\n", "\(a)\n\(user.log)")
                let c = user.trice("run", "--rm", "c")
                #expect(c.out.contains(" 10.0.2.100/24 "), "\(c)\n\(user.log)")
                let b = user.trice("run", "--rm", "b")
                #expect(b.status == 0 && b.out.hasSuffix("7:8\n"), "\(b)\n\(user.log)")
            }
        }
    }

    @Test func `an image is built and runs`() throws {
        try Sandbox.run("rootless-build") { box in
            try PlainUserAccount.with(box) { user in
                try user.load("busybox")
                user.give("\(ExampleTests.package)/examples/build", as: ".")
                let up = user.trice("up", "-d", "--wait", environment: ["PORT": "0", "TITLE": "from a user"])
                #expect(up.status == 0, "\(up)\n\(user.log)")
                let address = user.must("port", "web", "80").out.trimmingCharacters(in: .whitespacesAndNewlines)
                let page = Self.page(box, address)
                #expect(page.out.contains("<h1>from a user</h1>"), "\(page)")
            }
        }
    }

    @Test func `signs of readiness come through, and the fixture is a database with its rows`() throws {
        try Sandbox.run("rootless-ready") { box in
            try PlainUserAccount.with(box) { user in
                for image in ["nginx", "redis", "postgres"] { try user.load(image) }
                user.give("\(ExampleTests.package)/examples/ready", as: ".")
                let up = user.trice("up", "-d", "--wait", environment: ["PORT": "0"])
                #expect(up.status == 0, "\(up)\n\(user.log)")
                let health = user.must("ps", "--format", "{{.Health}}").out
                #expect(health == "healthy\nhealthy\nhealthy\n", "\(health)")
                user.must("down", "-v", "-t", "1")
                user.give("\(ExampleTests.package)/examples/fixtures", as: ".")
                let fixture = user.trice("up", "-d", "--wait", environment: ["DB_PORT": "0"])
                #expect(fixture.status == 0, "\(fixture)\n\(user.log)")
                let count = user.must(
                    "exec", "-T", "-e", "PGPASSWORD=test", "db", "psql", "-h", "127.0.0.1", "-U", "postgres", "-d",
                    "test", "-tAc", "select count(*) > 0 from users")
                #expect(count.out == "t\n", "\(count)")
                user.must("down", "-v", "-t", "1")
            }
        }
    }

    @Test(arguments: [
        (
            "mem_limit: 64m", "5:16",
            "mem_limit: a user without root's rights has no control groups unless one is delegated"
        ),
        ("pids_limit: 10", "5:17", "pids_limit: a user without root's rights has no control groups"),
        ("pid: host", "5:10", "nothing else tells this service's processes from the others"),
        ("device_cgroup_rules: [\"c 1:3 r\"]", "5:", "device_cgroup_rules: a user without root's rights"),
        ("devices: [\"/dev/null:/dev/x:r\"]", "5:", "nothing else keeps a device to \"r\""),
        ("ports: [\"80:80\"]", "5:", "port 80/tcp on 0.0.0.0 needs more rights than this user has"),
        ("ports: [\"8080:80/sctp\"]", "5:", "ports of SCTP cannot be published by a user without root's rights"),
        ("cap_add: [SYS_TIME]", "5:14", "CAP_SYS_TIME is worth nothing but to root of the host"),
        ("oom_score_adj: -900", "5:", "permission denied (EACCES)"),
    ])
    func `what a user cannot have is refused at its place`(_ line: String, _ place: String, _ reason: String) throws {
        try Sandbox.run("rootless-refused") { box in
            try PlainUserAccount.with(box) { user in
                try user.load("busybox")
                try user.write(
                    "name: refused\nservices:\n  a:\n    image: busybox:1\n    \(line)\n    command: [sleep, \"600\"]\n"
                )
                let up = user.trice("up", "-d")
                #expect(up.status != 0 && up.err.contains("compose.yaml:\(place)") && up.err.contains(reason), "\(up)")
            }
        }
    }

    @Test func `containers outlive the holder, the launcher and the supervisor`() throws {
        try Sandbox.run("rootless-kill") { box in
            try PlainUserAccount.with(box) { user in
                try user.load("busybox")
                try user.write(
                    """
                    name: kill
                    services:
                      web:
                        image: busybox:1
                        init: true
                        command: ["sh", "-c", "mkdir -p /srv; echo here > /srv/index.html; exec httpd -f -p 80 -h /srv"]
                        ports: ["127.0.0.1:0:80", "127.0.0.1:0:80/udp"]
                    """)
                user.must("up", "-d")
                // Nothing is frozen for it.
                user.must("commit", "web", "copy:1")
                let paused = user.trice("pause", "web")
                #expect(paused.status == 1 && paused.err.contains("cannot be paused: a user without"), "\(paused)")
                /// When the container's first process began.
                func start() -> String { user.must("exec", "-T", "web", "cut", "-d ", "-f22", "/proc/1/stat").out }
                let before = start()
                func expectServed() {
                    var page = Outcome(status: -1, out: "", err: "")
                    box.eventually {
                        // With its launcher goes a port that was not chosen by the file.
                        let address = user.trice("port", "web", "80").out.trimmingCharacters(
                            in: .whitespacesAndNewlines)
                        page = Self.page(box, address)
                        return page.out == "here\n"
                    }
                    #expect(page.out == "here\n", "\(page)\n\(user.log)")
                    #expect(start() == before)
                }
                for victim in ["trice-holder", "trice-superviso", "trice-launcher", "slirp4netns"] {
                    let found = user.processes(named: victim)
                    #expect(found.count == 1, "\(victim): \(found)")
                    for pid in found { kill(pid, SIGKILL) }
                    #expect(box.eventually { !found.contains(where: box.isAlive) })
                    expectServed()
                }
                user.must("kill", "web")
                #expect(box.eventually { user.must("ps", "-a", "--format", "json").out.contains("exited") })
            }
        }
    }

    @Test func `who has no range of ids is told how to get one`() throws {
        try Sandbox.run("rootless-none") { box in
            try PlainUserAccount.with(box, hasIDs: false) { user in
                let ps = user.trice("ls")
                #expect(ps.status == 1 && ps.err.contains("has no range of ids in /etc/subuid"), "\(ps)")
                #expect(ps.err.contains("usermod --add-subuids"), "\(ps)")
                // What needs no namespaces has none.
                user.must("version")
            }
        }
    }
}
