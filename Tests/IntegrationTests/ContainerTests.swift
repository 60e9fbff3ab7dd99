// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a process in a container is given, and how it ends.
@Suite struct ContainerTests {
    @Test func `what a container without a pid namespace leaves behind goes with it`() throws {
        try Sandbox.run("leftbehind") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, pid: host, volumes: [".:/w"], command: "sh -c 'sleep 617 & echo $$! > /w/pid; exec sleep 0.2'" }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.state(of: "a") == "exited" })
            let left = try #require(Int32(box.read("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(!box.isAlive(left))
            box.must("down", "-t", "0")
        }
    }

    struct Ending: CustomTestStringConvertible {
        let command: String
        let status: Int32
        var testDescription: String { "\(command) → \(status)" }
    }

    @Test(arguments: [
        Ending(command: "true", status: 0), Ending(command: "false", status: 1), Ending(command: "exit 42", status: 42),
        Ending(command: "kill -9 $$", status: 137), Ending(command: "kill -TERM $$", status: 143),
    ])
    func `run ends with the exit status of its command`(_ row: Ending) throws {
        try Sandbox.run("status") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            #expect(box.try_("run", "--rm", "-T", "a", "sh", "-c", row.command).status == row.status)
            #expect(box.ps().isEmpty)
        }
    }

    struct Refused: CustomTestStringConvertible {
        let name: String
        let service: String
        let status: Int32
        let says: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Refused(
            name: "missing executable", service: "image: busybox:1, command: /no/such", status: 127,
            says: ["compose.yaml:2:35: error:", "/no/such", "ENOENT"]),
        Refused(
            name: "missing in PATH", service: "image: busybox:1, command: nosuch", status: 127,
            says: ["compose.yaml:2:35: error:", "nosuch", "not found in $PATH"]),
        Refused(
            name: "directory as command", service: "image: busybox:1, command: /etc", status: 126,
            says: ["compose.yaml:2:35: error:", "/etc", "EACCES"]),
        Refused(
            name: "unknown user", service: "image: busybox:1, user: nosuchuser", status: 126,
            says: ["compose.yaml:2:32: error:", "nosuchuser"]),
        Refused(
            name: "missing image", service: "image: busybux:1", status: 1,
            says: ["compose.yaml:2:15: error: busybux:1: ", "is blocked", "there is busybox:1"]),
        Refused(
            name: "missing bind source",
            service:
                "image: busybox:1, volumes: [{ type: bind, source: ./nowhere, target: /x, bind: { create_host_path: false } }]",
            status: 1, says: ["compose.yaml:2:", "nowhere"]),
    ])
    func `a container that cannot start is refused at the place in the file`(_ row: Refused) throws {
        try Sandbox.run("refused") { box in
            try box.write("services:\n  a: { \(row.service) }\n")
            let outcome = box.try_("up", "-d")
            #expect(outcome.status == row.status, "\(outcome)")
            for words in row.says { #expect(outcome.err.contains(words), "\(words) in \(outcome)") }
        }
    }

    @Test func `exec passes input, output, status, user, directory and variables`() throws {
        try Sandbox.run("exec") { box in
            try box.write(
                "services: { a: { image: busybox:1, init: true, working_dir: /srv, environment: { V: file } } }")
            box.must("up", "-d")
            #expect(box.must("exec", "-T", "a", "cat", input: "from standard input").out == "from standard input")
            #expect(box.try_("exec", "-T", "a", "sh", "-c", "exit 7").status == 7)
            #expect(box.try_("exec", "-T", "a", "/no/such").status == 127)
            #expect(
                box.must("exec", "-T", "-u", "app", "a", "id").out
                    == "uid=1001(app) gid=1001(app) groups=1001(app),2000(staff)\n")
            #expect(box.must("exec", "-T", "-w", "/tmp", "a", "pwd").out == "/tmp\n")
            #expect(box.must("exec", "-T", "-e", "V=given", "a", "sh", "-c", "echo $V; pwd").out == "given\n/srv\n")
            let both = box.must("exec", "-T", "a", "sh", "-c", "echo out; echo err >&2")
            #expect(both.out == "out\n" && both.err == "err\n")
            #expect(box.try_("exec", "-T", "nosuch", "true").err.contains("no such service: nosuch"))
        }
    }

    @Test func `exec on a terminal gives one of the container's own`() throws {
        try Sandbox.run("terminal") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            // script(1) is a terminal for what it runs.
            let command = "\(Sandbox.binary) -p terminal exec a sh -c 'tty; stty size; exit 5'"
            let outcome = box.run(["/usr/bin/script", "-qec", command, "/dev/null"])
            #expect(outcome.out.contains("/dev/pts/0"), "\(outcome)")
            #expect(outcome.status == 5, "\(outcome)")
        }
    }

    @Test func `variables come from image, env_file, environment and the command line, in this order`() throws {
        try Sandbox.run("variables") { box in
            try box.write("A=file\nB=file\nC=file\n", to: "vars.env")
            try box.write("SHELL_VALUE=from-dotenv\n", to: ".env")
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    env_file: vars.env
                    environment: { B: service, C: service, D: "${SHELL_VALUE}", E: null }
                """)
            let outcome = box.try_(
                "run", "--rm", "-T", "-e", "C=line", "a", "sh", "-c", "echo $A $B $C $D ${E-unset}",
                environment: ["SHELL_VALUE": "from-shell"])
            #expect(outcome.out == "file service line from-shell unset\n", "\(outcome)")
        }
    }

    @Test func `a process has Docker's capabilities, and a user none`() throws {
        try Sandbox.run("capabilities") { box in
            try box.write(
                """
                services:
                  root: { image: busybox:1, command: grep -E ^Cap /proc/self/status }
                  user: { image: busybox:1, user: app, command: grep -E ^CapEff /proc/self/status }
                  more: { image: busybox:1, cap_drop: [ALL], cap_add: [NET_ADMIN], command: grep -E ^CapEff /proc/self/status }
                """)
            let none = "0000000000000000", docker = "00000000a80425fb"
            #expect(
                box.must("run", "--rm", "-T", "root").out
                    == "CapInh:\t\(none)\nCapPrm:\t\(docker)\nCapEff:\t\(docker)\nCapBnd:\t\(docker)\nCapAmb:\t\(none)\n"
            )
            #expect(box.must("run", "--rm", "-T", "user").out == "CapEff:\t\(none)\n")
            #expect(box.must("run", "--rm", "-T", "more").out == "CapEff:\t0000000000001000\n")
        }
    }

    @Test func `a container sees its own processes, names and files, and not the host's`() throws {
        try Sandbox.run("isolation") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            let id = String(box.id(of: "a").prefix(12))
            #expect(box.exec("a", "hostname") == "\(id)\n")
            #expect(
                box.exec("a", "sh", "-c", "ls /proc | grep -c '^[0-9]'").trimmingCharacters(in: .newlines).count == 1)
            #expect(box.exec("a", "ls", "/") == "bin\ndata\ndev\netc\nproc\nroot\nsrv\nsys\ntmp\n")
            #expect(
                box.exec(
                    "a", "sh", "-c", "cat /proc/kcore | head -c 1 | wc -c; touch /proc/sys/x 2>/dev/null || echo closed"
                ) == "0\nclosed\n")
            #expect(
                box.exec("a", "sh", "-c", "mknod /tmp/disk b 254 0; head -c 1 /tmp/disk 2>/dev/null | wc -c") == "0\n")
            #expect(box.exec("a", "sh", "-c", "ls /proc/self/fd | wc -l") == "4\n")
            for namespace in ["mnt", "net", "uts", "pid", "ipc", "cgroup"] {
                let host = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(namespace)")
                #expect(box.exec("a", "readlink", "/proc/self/ns/\(namespace)") != "\(host)\n")
            }
        }
    }

    @Test func `init reaps orphans, forwards signals and passes the exit status`() throws {
        try Sandbox.run("init") { box in
            try box.write(
                """
                services:
                  reaps: { image: busybox:1, init: true, command: "sh -c 'sh -c \\"sleep 0.1 &\\"; sleep 0.4; ps -o stat | grep -c Z; exit 7'" }
                  dies: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.state(of: "reaps") == "exited" })
            #expect(box.must("logs", "--no-log-prefix", "reaps").out == "0\n")
            #expect(box.ps().first { $0.Service == "reaps" }?.ExitCode == 7)
            box.must("kill", "-s", "TERM", "dies")
            #expect(box.eventually { box.ps().first { $0.Service == "dies" }?.ExitCode == 143 })
        }
    }

    @Test func `a stop asks with the stop signal and kills when the grace is over`() throws {
        try Sandbox.run("grace") { box in
            try box.write(
                """
                services:
                  polite: { image: busybox:1, stop_signal: SIGUSR1, command: "sh -c 'trap \\"echo usr1; exit 4\\" USR1; echo ready; while :; do sleep 0.05; done'" }
                  deaf: { image: busybox:1, stop_grace_period: 200ms, command: "sh -c 'trap true TERM; echo ready; while :; do sleep 0.05; done'" }
                """)
            box.must("up", "-d")
            box.eventually { box.must("logs").out.components(separatedBy: "ready").count == 3 }
            box.must("stop")
            let codes = Dictionary(uniqueKeysWithValues: box.ps().map { ($0.Service, $0.ExitCode) })
            #expect(codes == ["polite": 4, "deaf": 137])
        }
    }
}
