// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Commands at the turns of a container's life.
@Suite struct HookTests {
    @Test func `post_start runs after the start and before who depends on it, pre_stop before the stop`() throws {
        try Sandbox.run("hooks") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    user: "1001"
                    volumes: [".:/w"]
                    environment: { SHARED: shared }
                    post_start:
                      - { command: [sh, -c, 'echo "one $$OWN $$SHARED $$(id -u) $$(pwd)" >> /w/log'], user: root, working_dir: /tmp, environment: [OWN=own] }
                      - { command: [sh, -c, "sleep 0.2; echo two >> /w/log"], user: root }
                    pre_stop:
                      - { command: [sh, -c, "echo stopping >> /w/log"], user: root }
                  b: { image: busybox:1, depends_on: [a], volumes: [".:/w"], command: sh -c 'echo dependent >> /w/log' }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.read("log").hasSuffix("dependent\n") })
            box.must("stop", "-t", "1", "a")
            #expect(box.read("log") == "one own shared 0 /tmp\ntwo\ndependent\nstopping\n")
        }
    }

    @Test func `a post_start that fails fails the up at its place, and the next up does not ask again`() throws {
        try Sandbox.run("hookfails") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    post_start:
                      - { command: [sh, -c, exit 3] }
                """)
            let up = box.try_("up", "-d")
            #expect(up.status == 1 && up.err.contains("service a: post_start[0]: exited with status 3"), "\(up)")
            #expect(box.state(of: "a") == "running")
            box.must("up", "-d")
        }
    }

    @Test func `a post_start that the supervisor's death has cut off is done again`() throws {
        try Sandbox.run("hookcut") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    volumes: [".:/w"]
                    post_start:
                      - { command: [sh, -c, "echo begun >> /w/log; [ $$(wc -l < /w/log) -gt 1 ] || exec sleep 601"] }
                  b: { image: busybox:1, init: true, depends_on: [a] }
                """)
            let up = try box.start("up", "-d", output: "up.log")
            #expect(box.eventually { box.read("log") == "begun\n" })
            kill(try #require(box.supervisorPID), SIGKILL)
            box.end(of: up)
            #expect(up.terminationStatus == 0, "\(box.read("up.log"))")
            #expect(box.read("log") == "begun\nbegun\n")
            #expect(box.state(of: "b") == "running")
            #expect(!box.exec("a", "ps").contains("sleep 601"))
        }
    }

    @Test func `a pre_stop that does not end is ended with the grace of the stop`() throws {
        try Sandbox.run("hookhangs") { box in
            try box.write(
                "services: { a: { image: busybox:1, init: true, pre_stop: [{ command: [sleep, \"600\"] }] } }\n")
            box.must("up", "-d")
            box.must("stop", "-t", "1")
            #expect(box.state(of: "a") == "exited")
        }
    }
}
