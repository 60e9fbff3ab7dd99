// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What goes with a stack, and who waits for its end.
@Suite struct EndingTests {
    @Test func `wait takes the project down when the first service has ended`() throws {
        try Sandbox.run("waitdown") { box in
            try box.write(
                """
                services:
                  tests: { image: busybox:1, command: "sh -c 'read x; exit 4'", stdin_open: true }
                  db: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            let id = box.id(of: "tests")
            let waiting = try box.start("wait", "--down-project", "tests", "db", output: "log")
            box.must("kill", "tests")
            box.end(of: waiting)
            #expect(waiting.terminationStatus == 137)
            #expect(box.read("log").contains("container \"\(id)\" exited with status code 137"))
            #expect(box.ps().isEmpty)
        }
    }

    @Test func `down removes the images that it is asked to`() throws {
        try Sandbox.run("rmi") { box in
            try box.write("services: { a: { image: 'busybox:1', init: true } }")
            box.must("up", "-d")
            box.must("down", "-t", "0", "--rmi", "local")
            #expect(box.must("image", "ls", "-q").lines.count == 1)
            box.must("up", "-d")
            let outcome = box.must("down", "-t", "0", "--rmi", "all")
            #expect(outcome.err.contains("Image busybox:1  Removed"))
            #expect(box.must("image", "ls", "-q").lines.isEmpty)
            box.must("down", "--rmi", "all")
        }
    }

    @Test func `an image that another project's container has stays`() throws {
        try Sandbox.run("rmiused") { box in
            try box.write("services: { a: { image: 'busybox:1', init: true } }")
            box.must("up", "-d")
            #expect(box.trice("-p", "rmiother", "up", "-d").status == 0)
            let outcome = box.must("down", "-t", "0", "--rmi", "all")
            #expect(outcome.err.contains("Image busybox:1  is in use by container rmiother-a-1, and stays"))
            #expect(box.must("image", "ls", "-q").lines.count == 1)
        }
    }

    @Test func `start waits for health, and gives up in time`() throws {
        try Sandbox.run("startwait") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    healthcheck: { test: [CMD, test, -e, /ok], interval: 50ms, retries: 1000 }
                """)
            box.must("create")
            let outcome = box.try_("start", "--wait", "--wait-timeout", "1")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("not ready within the time given"))
            box.must("exec", "-T", "a", "touch", "/ok")
            box.must("start", "--wait")
            #expect(box.ps().map(\.Health) == ["healthy"])
        }
    }

    @Test func `containers of services that left the file can be listed apart, and go on request`() throws {
        try Sandbox.run("orphans") { box in
            try box.write("services: { a: { image: 'busybox:1', init: true }, b: { image: 'busybox:1', init: true } }")
            box.must("up", "-d")
            try box.write("services: { a: { image: 'busybox:1', init: true } }")
            #expect(box.must("ps", "--services").lines == ["a", "b"])
            #expect(box.must("ps", "--services", "--orphans=false").lines == ["a"])
            box.must("kill", "--remove-orphans", "a")
            #expect(box.must("ps", "-a", "--services").lines == ["a"])
        }
    }

    @Test func `containers of services that left the file go on request also when they run and the file is up`() throws
    {
        try Sandbox.run("orphansrun") { box in
            let file = "services: { a: { image: 'busybox:1', init: true } }"
            let removals = [
                { box.must("kill", "--remove-orphans", "a") },
                { box.must("run", "--rm", "-T", "--remove-orphans", "a", "true") },
            ]
            for remove in removals {
                try box.write(
                    "services: { a: { image: 'busybox:1', init: true }, b: { image: 'busybox:1', init: true } }")
                box.must("up", "-d")
                try box.write(file)
                box.must("up", "-d")
                #expect(box.must("ps", "-a", "--services").lines == ["a", "b"])
                _ = remove()
                #expect(box.must("ps", "-a", "--services").lines == ["a"])
            }
        }
    }

    @Test func `copying goes into every replica, and comes from the first`() throws {
        try Sandbox.run("copyall") { box in
            try box.write("services: { a: { image: 'busybox:1', init: true, scale: 2 } }")
            box.must("up", "-d")
            try FileManager.default.createDirectory(atPath: "\(box.work)/sub", withIntermediateDirectories: true)
            try box.write("x", to: "sub/file")
            box.must("cp", "sub/file", "a:/srv/")
            for index in ["1", "2"] {
                #expect(box.must("exec", "-T", "--index", index, "a", "cat", "/srv/file").out == "x")
            }
            box.must("exec", "-T", "--index", "2", "a", "sh", "-c", "echo two >/srv/file")
            #expect(box.must("cp", "a:/srv/file", "out").status == 0)
            #expect(box.read("out") == "x")
            #expect(box.try_("cp", "-", "a:/srv", input: "x").err.contains("has 2"))
        }
    }
}
