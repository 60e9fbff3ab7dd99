// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `develop.watch`: files that go into running containers as they change.
@Suite struct WatchTests {
    @Test func `files are synchronised as they are made, changed and removed`() throws {
        try Sandbox.run("sync") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    scale: 2
                    develop:
                      watch:
                        - { path: ./src, action: sync, target: /srv, ignore: ["*.log", "out/"], initial_sync: true }
                """)
            try box.makeDirectory("src")
            try box.write("first", to: "src/first")
            let watch = try box.start("watch", output: "log")
            #expect(box.eventually { box.read("log").contains("Watch enabled") }, "\(box.read("log"))")
            #expect(box.files(of: "a") == ["/srv/first"])
            try box.makeDirectory("src/new/deep")
            try box.write("second", to: "src/new/deep/second")
            try box.write("noise", to: "src/x.log")
            #expect(box.eventually { box.files(of: "a") == ["/srv/first", "/srv/new/deep/second"] })
            #expect(box.files(of: "a", index: 2) == ["/srv/first", "/srv/new/deep/second"])
            try box.write("changed", to: "src/first")
            #expect(box.eventually { box.exec("a", "cat", "/srv/first") == "changed" })
            try FileManager.default.removeItem(atPath: "\(box.work)/src/new")
            #expect(box.eventually { box.files(of: "a") == ["/srv/first"] })
            kill(watch.processIdentifier, SIGINT)
            box.end(of: watch)
            #expect(watch.terminationStatus == 130)
            #expect(box.state(of: "a") == "running running")
        }
    }

    @Test func `a service restarts or runs a command when its files change`() throws {
        try Sandbox.run("watchactions") { box in
            try box.write(
                """
                services:
                  restarted:
                    image: busybox:1
                    init: true
                    develop: { watch: [{ path: ./conf, action: sync+restart, target: /etc/conf }] }
                  told:
                    image: busybox:1
                    init: true
                    develop:
                      watch:
                        - { path: ./page, action: sync+exec, target: /srv/page, exec: { command: "cp /srv/page /srv/seen" } }
                """)
            try box.write("1", to: "conf")
            try box.write("1", to: "page")
            let watch = try box.start("watch", output: "log")
            #expect(box.eventually { box.read("log").contains("Watch enabled") }, "\(box.read("log"))")
            let before = box.pid(of: "restarted"), told = box.pid(of: "told")
            try box.write("2", to: "conf")
            #expect(box.eventually { box.pid(of: "restarted").map { $0 != before } ?? false })
            #expect(box.eventually { box.exec("restarted", "cat", "/etc/conf") == "2" })
            try box.write("3", to: "page")
            #expect(box.eventually { box.exec("told", "cat", "/srv/seen") == "3" })
            #expect(box.pid(of: "told") == told)
            kill(watch.processIdentifier, SIGINT)
            box.end(of: watch)
        }
    }

    @Test func `up with watch shows logs, synchronises, and stops the stack on Ctrl-C`() throws {
        try Sandbox.run("upwatch") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    command: sh -c 'echo hello; exec sleep 600'
                    develop: { watch: [{ path: ./page, action: sync, target: /srv/page }] }
                """)
            try box.write("1", to: "page")
            let up = try box.start("up", "--watch", "-t", "1", output: "log")
            #expect(box.eventually { box.read("log").contains("hello") && box.read("log").contains("Watch enabled") })
            try box.write("2", to: "page")
            #expect(box.eventually { box.exec("a", "cat", "/srv/page") == "2" })
            kill(up.processIdentifier, SIGINT)
            box.end(of: up)
            #expect(box.state(of: "a") == "exited")
        }
    }

    @Test(arguments: [true, false])
    func `a rebuild removes the image that it leaves without a name, unless that is to stay`(_ prunes: Bool) throws {
        try Sandbox.run("rebuild") { box in
            try box.makeDirectory("app")
            try box.write("FROM busybox:1\nCOPY text /text\nCMD sleep 600\n", to: "app/Dockerfile")
            try box.write("1", to: "app/text")
            try box.write(
                """
                services:
                  app:
                    build: app
                    init: true
                    develop: { watch: [{ path: ./app/text, action: rebuild }] }
                """)
            func images() -> [String] { box.trice("image", "ls", "-q", "--no-trunc").lines }
            // Another one without a name is nobody's business.
            let other = box.trice("image", "import", "--change", "CMD other", try BusyboxImage.path()).lines[0]
            let watch = try box.start("watch", "--prune=\(prunes)", output: "log")
            #expect(box.eventually(within: 60) { box.read("log").contains("Watch enabled") }, "\(box.read("log"))")
            let before = images()
            try box.write("2", to: "app/text")
            #expect(box.eventually(within: 60) { box.exec("app", "cat", "/text") == "2" }, "\(box.read("log"))")
            kill(watch.processIdentifier, SIGINT)
            box.end(of: watch)
            let gone = Set(before).subtracting(images())
            #expect(gone.count == (prunes ? 1 : 0), "\(gone) of \(before): \(box.read("log"))")
            #expect(images().contains(other))
        }
    }

    struct Refused: CustomTestStringConvertible {
        let develop: String
        let says: [String]
        var testDescription: String { develop }
    }

    @Test(arguments: [
        Refused(
            develop: "{ path: ., action: rebuild }",
            says: ["compose.yaml:6:30: error:", "rebuild wants a build"]),
        Refused(
            develop: "{ path: ./nowhere, action: restart }",
            says: ["compose.yaml:6:19: error:", "/nowhere, which is to be watched, is not there"]),
    ])
    func `what cannot be watched is refused at its place in the file`(_ row: Refused) throws {
        try Sandbox.run("nowatch") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    develop:
                      watch:
                        - \(row.develop)
                """)
            let outcome = box.try_("watch")
            #expect(outcome.status == 1)
            for words in row.says { #expect(outcome.err.contains(words), "\(words) in \(outcome)") }
            #expect(box.try_("up", "-d").status == 0, "up alone has no use for it")
        }
    }

    @Test func `without a develop section there is nothing to watch`() throws {
        try Sandbox.run("unwatched") { box in
            try box.write("services: { a: { image: busybox:1 } }")
            let outcome = box.try_("watch")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("none of the selected services is configured for watch"))
        }
    }
}

extension Sandbox {
    fileprivate func files(of service: String, index: Int = 1) -> [String] {
        let found = run([
            Sandbox.binary, "-p", project, "exec", "-T", "--index", "\(index)", service, "find", "/srv", "-type", "f",
        ])
        return found.lines.sorted()
    }
}
