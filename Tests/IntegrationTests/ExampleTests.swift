// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Each stack of examples/, with the images that `make images` made.
@Suite(.serialized) struct ExampleTests {
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func image(_ name: String) throws -> String {
        let directory = ProcessInfo.processInfo.environment["TRICE_IMAGES"] ?? "\(package)/.build/images"
        let path = "\(directory)/\(name).tar"
        guard FileManager.default.fileExists(atPath: path) else {
            throw Sandbox.Trouble(description: "\(path) is not there: make images")
        }
        return path
    }

    /// Copies an example into the sandbox and loads its images.
    static func prepare(_ example: String, _ images: [String], in box: Sandbox) throws {
        try FileManager.default.removeItem(atPath: box.work)
        try FileManager.default.copyItem(atPath: "\(package)/examples/\(example)", toPath: box.work)
        for name in images {
            let loaded = box.trice("image", "load", "-i", try image(name))
            #expect(loaded.status == 0, "\(loaded)")
        }
    }

    @Test func `hello says hello and ends`() throws {
        try Sandbox.run("hello") { box in
            try ExampleTests.prepare("hello", ["busybox"], in: box)
            let outcome = box.try_("up", "--no-log-prefix", environment: ["NAME": "a test"])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.out == "Hello from a test\n", "\(outcome)")
        }
    }

    @Test func `the webshop serves a page that needs all its services`() throws {
        try Sandbox.run("webshop") { box in
            try ExampleTests.prepare("webshop", ["nginx", "redis", "postgres"], in: box)
            let up = box.try_("up", "-d", "--wait", environment: ["PORT": "0"])
            #expect(up.status == 0, "\(up)")
            let port = box.must("port", "web", "80").out.trimmingCharacters(in: .whitespacesAndNewlines)
            var page = Outcome(status: -1, out: "", err: "")
            box.eventually {
                page = box.run(["/bin/busybox", "wget", "-q", "-O", "-", "http://\(port)/"])
                return page.status == 0
            }
            #expect(page.status == 0 && !page.out.isEmpty, "\(page)\n\(box.must("logs", "--tail", "20"))")
        }
    }

    @Test func `three services come up in order by signs of readiness`() throws {
        try Sandbox.run("signs") { box in
            try ExampleTests.prepare("ready", ["nginx", "redis", "postgres"], in: box)
            let up = box.try_("up", "-d", "--wait", environment: ["PORT": "0"])
            #expect(up.status == 0, "\(up)")
            #expect(box.ps().map(\.Health) == ["healthy", "healthy", "healthy"])
        }
    }

    @Test func `the page is built on an image that is built, too`() throws {
        try Sandbox.run("built") { box in
            try ExampleTests.prepare("build", ["busybox"], in: box)
            let up = box.try_("up", "-d", "--wait", environment: ["PORT": "0", "TITLE": "from a test"])
            #expect(up.status == 0, "\(up)")
            let port = box.must("port", "web", "80").out.trimmingCharacters(in: .whitespacesAndNewlines)
            let page = box.run(["/bin/busybox", "wget", "-q", "-O", "-", "http://\(port)/"])
            #expect(page.out.contains("<h1>from a test</h1>"), "\(page)")
        }
    }

    @Test func `the fixture is a database with its rows`() throws {
        try Sandbox.run("fixtures") { box in
            try ExampleTests.prepare("fixtures", ["postgres"], in: box)
            let up = box.try_("up", "-d", "--wait", environment: ["DB_PORT": "0"])
            #expect(up.status == 0, "\(up)")
            let count = box.must(
                "exec", "-T", "-e", "PGPASSWORD=test", "db", "psql", "-h", "127.0.0.1", "-U", "postgres", "-d", "test",
                "-tAc", "select count(*) > 0 from users")
            #expect(count.out == "t\n", "\(count)")
        }
    }
}
