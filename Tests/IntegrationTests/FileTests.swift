// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What gets into a container beside its image: configs, secrets, other containers' volumes, copies.
@Suite struct FileTests {
    @Test func `configs and secrets are files with the owner and mode that the service asks for`() throws {
        try Sandbox.run("granted") { box in
            try box.write("from a file\n", to: "plain.txt")
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    configs: [plain, { source: made, target: /etc/made, mode: 0440 }]
                    secrets: [plain, { source: token, target: owned, uid: "1000", gid: "2000", mode: 0400 }]
                    command: sleep 600
                configs:
                  plain: { file: plain.txt }
                  made: { content: "inline" }
                secrets:
                  plain: { file: plain.txt }
                  token: { environment: TOKEN }
                """)
            let up = box.try_("up", "-d", environment: ["TOKEN": "s3cr3t"])
            #expect(up.status == 0, "\(up)")
            #expect(box.exec("a", "cat", "/plain", "/run/secrets/plain") == "from a file\nfrom a file\n")
            #expect(box.exec("a", "sh", "-c", "cat /etc/made; stat -c ' %a %u' /etc/made") == "inline 440 0\n")
            let owned = "cat /run/secrets/owned; stat -c ' %a %u:%g' /run/secrets/owned"
            #expect(box.exec("a", "sh", "-c", owned) == "s3cr3t 400 1000:2000\n")
            #expect(box.try_("exec", "-T", "a", "sh", "-c", "echo x > /etc/made").status != 0)

            // The same content leaves the container alone, another one makes it again.
            let id = box.id(of: "a")
            _ = box.try_("up", "-d", environment: ["TOKEN": "s3cr3t"])
            #expect(box.id(of: "a") == id)
            _ = box.try_("up", "-d", "-t", "1", environment: ["TOKEN": "other"])
            #expect(box.id(of: "a") != id)
            #expect(box.exec("a", "cat", "/run/secrets/owned") == "other")
        }
    }

    @Test(arguments: [
        ("secrets: { s: { environment: NOT_SET } }", "s: the variable NOT_SET is not set"),
        ("secrets: { s: { file: no-such-file } }", "no-such-file: no such file or directory (ENOENT)"),
    ])
    func `a secret without content is refused at its place, and nothing starts`(_ row: (String, String)) throws {
        try Sandbox.run("withheld") { box in
            try box.write("services: { a: { image: busybox:1, secrets: [s] } }\n\(row.0)\n")
            let outcome = box.try_("up", "-d")
            #expect(outcome.status == 1 && outcome.err.contains("compose.yaml:2:"), "\(outcome)")
            #expect(outcome.err.contains(row.1), "\(outcome)")
            #expect(box.ps().isEmpty)
        }
    }

    @Test func `volumes_from gives another container's volumes, read-only where asked`() throws {
        try Sandbox.run("inherited") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, volumes: ["named:/named", ".:/bind:ro"] }
                  b: { image: busybox:1, init: true, volumes_from: [a] }
                  c: { image: busybox:1, init: true, volumes_from: ["a:ro"] }
                volumes: { named: {} }
                """)
            box.must("up", "-d")
            _ = box.exec("a", "sh", "-c", "echo shared > /named/f")
            #expect(box.exec("b", "cat", "/named/f") == "shared\n")
            #expect(box.try_("exec", "-T", "b", "touch", "/named/g").status == 0)
            #expect(box.try_("exec", "-T", "b", "touch", "/bind/g").status != 0)
            #expect(box.try_("exec", "-T", "c", "touch", "/named/h").status != 0)
        }
    }

    /// A tmpfs can be id-mapped since Linux 6.3.
    private static let mapsTmpfs: Bool = {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return (version.majorVersion, version.minorVersion) >= (6, 3)
    }()

    @Test(.enabled(if: !mapsTmpfs, "this kernel maps the ids of a tmpfs"))
    func `a file system that cannot show a user namespace's ids is refused at its place`() throws {
        try Sandbox.run("unmapped") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    volumes:
                      - /dev/shm:/host
                  kernel: { image: busybox:1, volumes: ["/proc:/host:ro"], command: cat /host/version }
                  host: { image: busybox:1, userns_mode: host, volumes: ["/dev/shm:/host"], command: ls /host }
                """)
            let outcome = box.try_("up", "-d", "a")
            #expect(outcome.status != 0 && outcome.err.contains("compose.yaml:5:"), "\(outcome)")
            #expect(outcome.err.contains("in /dev/shm") && outcome.err.contains("EOPNOTSUPP"), "\(outcome)")
            #expect(outcome.err.contains("userns_mode: host"), "\(outcome)")
            #expect(box.must("run", "--rm", "-T", "kernel").out.hasPrefix("Linux version"))
            box.must("run", "--rm", "-T", "host")
        }
    }

    @Test(.enabled(if: mapsTmpfs, "this kernel does not map the ids of a tmpfs"))
    func `a volume of its own file system is one for all containers, and off the host after down`() throws {
        try Sandbox.run("mounted") { box in
            try FileManager.default.createDirectory(atPath: "\(box.work)/here", withIntermediateDirectories: true)
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, volumes: ["mem:/mem", "dir:/dir"] }
                  b: { image: busybox:1, init: true, volumes: ["mem:/mem"] }
                volumes:
                  mem: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=1m,mode=0750" } }
                  dir: { driver_opts: { type: none, device: "\(box.work)/here", o: bind } }
                """)
            box.must("up", "-d")
            _ = box.exec(
                "a", "sh", "-c", "echo shared > /mem/f; echo kept > /dir/f; head -c 2000000 /dev/zero > /mem/big")
            #expect(box.exec("b", "sh", "-c", "cat /mem/f; wc -c < /mem/big") == "shared\n1044480\n")
            #expect(box.read("here/f") == "kept\n")
            box.must("down", "-t", "1", "-v")
            #expect(box.read("here/f") == "kept\n")
        }
    }

    @Test(.enabled(if: mapsTmpfs, "this kernel does not map the ids of a tmpfs"))
    func `a volume in memory is as its options say, whatever the image has at its place`() throws {
        try Sandbox.run("memory") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, volumes: ["open:/open", "shared:/data"] }
                  b: { image: busybox:1, init: true, volumes: ["shared:/data"] }
                volumes:
                  open: { driver_opts: { type: tmpfs, device: tmpfs, o: "mode=1777" } }
                  shared: { driver_opts: { type: tmpfs, device: tmpfs, o: "mode=0700,uid=5" } }
                """)
            box.must("up", "-d")
            for _ in 1...2 {
                // The image has nothing at /open, and files of 1001:2000 at /data.
                #expect(
                    box.exec("a", "sh", "-c", "stat -c '%a %u:%g' /open /data; ls -A /data")
                        == "1777 0:0\n700 5:0\n")
                box.must("restart", "-t", "1", "a")
            }
        }
    }

    @Test func `a volume that was made by hand is there for files that name it as external, and stays`() throws {
        try Sandbox.run("external") { box in
            try box.write(
                "services: { a: { image: busybox:1, init: true, volumes: [\"v:/v\"] } }\nvolumes: { v: { external: true, name: by-hand } }\n"
            )
            let up = box.try_("up", "-d")
            #expect(up.status == 1 && up.err.contains("trice volume create by-hand"), "\(up)")
            #expect(box.trice("volume", "create", "by-hand").out == "by-hand\n")
            box.must("up", "-d")
            #expect(box.trice("volume", "rm", "by-hand").err.contains("in use"))
            box.must("down", "-v", "-t", "1")
            #expect(box.trice("volume", "ls", "-q").out == "by-hand\n")
            #expect(box.trice("volume", "rm", "by-hand").status == 0)
        }
    }

    @Test(arguments: [true, false])
    func `cp copies files and trees both ways, also with a container that has ended`(_ runs: Bool) throws {
        try Sandbox.run("copied") { box in
            try box.write(
                "services: { a: { image: busybox:1, init: true, volumes: [\"v:/v\"], command: \(runs ? "sleep 600" : "/bin/true") } }\nvolumes: { v: {} }\n"
            )
            box.must("up", "-d")
            if !runs { #expect(box.eventually { box.state(of: "a") == "exited" }) }
            try FileManager.default.createDirectory(atPath: "\(box.work)/tree/sub", withIntermediateDirectories: true)
            try box.write("deep\n", to: "tree/sub/f")
            symlink("sub/f", "\(box.work)/tree/link")
            box.must("cp", "tree", "a:/made")
            box.must("cp", "tree/.", "a:/v")
            box.must("cp", "tree/sub/f", "a:/root/")
            box.must("cp", "a:/made", "back")
            #expect(box.read("back/sub/f") == "deep\n")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(box.work)/back/link") == "sub/f")
            box.must("cp", "a:/v/sub/f", "one")
            box.must("cp", "a:/root/f", "two")
            #expect(box.read("one") + box.read("two") == "deep\ndeep\n")
            #expect(box.must("cp", "a:/root/f", "-").out.contains("deep\n"))

            let missing = box.try_("cp", "a:/no/such", ".")
            #expect(missing.status == 1 && missing.err.contains("no such file or directory (ENOENT)"), "\(missing)")
        }
    }

    @Test func `what is copied into a container cannot leave it by a link of the image`() throws {
        try Sandbox.run("contained") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }\n")
            box.must("up", "-d")
            _ = box.exec("a", "ln", "-s", "\(box.work)", "/out")
            try box.write("stays inside\n", to: "f")
            _ = box.try_("cp", "f", "a:/out/escaped")
            #expect(!FileManager.default.fileExists(atPath: "\(box.work)/escaped"))
        }
    }

    @Test func `cp reads and writes a container that has never run`() throws {
        try Sandbox.run("created") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("create")
            box.must("cp", "a:/data/plain", "plain")
            #expect(box.read("plain") == "plain\n")
            box.must("cp", "plain", "a:/srv/back")
            box.must("start")
            #expect(box.exec("a", "cat", "/srv/back") == "plain\n")
        }
    }
}
