// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// The caller's streams on those of a running container.
@Suite struct AttachTests {
    @Test func `attach passes input on, tells output from errors, and ends with the container's exit status`() throws {
        try Sandbox.run("attach") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    stdin_open: true
                    command: sh -c 'read x; echo "got $$x"; echo "no $$x" >&2; exit 7'
                """)
            box.must("up", "-d")
            let outcome = box.try_("attach", "a", input: "word\n")
            #expect(outcome.out == "got word\n")
            #expect(outcome.err == "no word\n")
            #expect(outcome.status == 7)
            #expect(box.must("logs", "--no-log-prefix", "a").out.contains("got word"))
        }
    }

    @Test func `a terminal is let go of by the detach keys, and the container goes on`() throws {
        try Sandbox.run("detach") { box in
            try box.write("services: { a: { image: busybox:1, tty: true, stdin_open: true, command: sh } }")
            box.must("up", "-d")
            let screen = try Screen(box)
            screen.type("trice -p detach attach --detach-keys ctrl-x,q a")
            screen.type("echo one-$((40+2)); stty size")
            screen.shows("one-42")
            screen.shows("24 80")
            screen.resize(columns: 90, rows: 30)
            #expect(box.eventually { box.exec("a", "stty", "-F", "/dev/console", "size") == "30 90\n" })
            screen.press("C-x", "q")
            screen.shows("read escape sequence")
            screen.type("echo status $?")
            screen.shows("status 0")
            #expect(box.state(of: "a") == "running")
        }
    }

    @Test func `signals go to the process, unless that is switched off`() throws {
        try Sandbox.run("sigproxy") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    command: sh -c 'trap "echo caught; exit 3" INT; echo ready; while :; do sleep 0.05; done'
                """)
            box.must("up", "-d")
            let looking = try box.start("attach", "--sig-proxy=false", "a", output: "looking")
            let passing = try box.start("attach", "a", output: "passing")
            box.eventually { box.isAttached(looking) && box.isAttached(passing) }
            kill(looking.processIdentifier, SIGINT)
            box.must("exec", "-T", "a", "true")
            #expect(box.state(of: "a") == "running")
            kill(looking.processIdentifier, SIGKILL)
            box.end(of: looking)
            kill(passing.processIdentifier, SIGINT)
            box.end(of: passing)
            #expect(passing.terminationStatus == 3)
            #expect(box.read("passing") == "caught\n")
        }
    }

    struct Refused: CustomTestStringConvertible {
        let arguments: [String]
        let says: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(arguments: [
        Refused(arguments: ["attach", "nosuch"], says: "no such service: nosuch"),
        Refused(arguments: ["attach", "--index", "4", "a"], says: "no container with index 4"),
        Refused(arguments: ["attach", "ended"], says: "service \"ended\" is not running"),
        Refused(arguments: ["attach", "--detach-keys", "ctrl-", "a"], says: "--detach-keys ctrl-"),
    ])
    func `what cannot be attached to is refused by name`(_ row: Refused) throws {
        try Sandbox.run("noattach") { box in
            try box.write(
                "services: { a: { image: busybox:1, init: true }, ended: { image: busybox:1, command: 'true' } }")
            box.must("up", "-d")
            box.eventually { box.state(of: "ended") == "exited" }
            let outcome = box.run([Sandbox.binary, "-p", "noattach"] + row.arguments)
            #expect(outcome.status != 0)
            #expect(outcome.err.contains(row.says), "\(outcome)")
        }
    }
}

extension Sandbox {
    /// Whether an `attach` has come to wait for what the container writes: it holds a connection and two pipes.
    fileprivate func isAttached(_ process: Process) -> Bool {
        let directory = "/proc/\(process.processIdentifier)/fd"
        let links = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")
        }
        return links.count { $0.hasPrefix("pipe:") } == 2 && links.contains { $0.hasPrefix("socket:") }
            && links.contains { $0.contains("signalfd") }
    }
}
