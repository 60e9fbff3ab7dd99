// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Registries that do what they should not.
@Suite struct HostileRegistryTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        /// What the registry does.
        let mode: String
        let message: String
        var testDescription: String { mode }
    }

    static let refusals = [
        Refusal(mode: "fails", message: "the registry answered 503"),
        Refusal(mode: "hangs", message: "it said nothing for 1 s"),
        Refusal(mode: "stalls", message: "it said nothing for 1 s"),
        Refusal(mode: "always-breaks", message: "it broke off"),
        Refusal(mode: "cut-off", message: "it broke off after 1000000 bytes"),
        Refusal(mode: "other-content", message: "its content has the digest"),
        Refusal(mode: "too-long", message: "it has more than"),
        Refusal(mode: "other-part", message: "another part than was asked for"),
        Refusal(mode: "lies-about-manifest", message: "and the registry calls it sha256:"),
        Refusal(mode: "other-platforms", message: "it has no image for linux/"),
        Refusal(mode: "artifact", message: "it is no image, but something of type application/vnd.example.chart"),
        Refusal(mode: "schema-1", message: "of schema 1"),
        Refusal(mode: "no-json", message: "cannot be understood"),
        Refusal(mode: "huge-manifest", message: "larger than"),
        Refusal(mode: "negative-size", message: "a layer's digest or size is none"),
        Refusal(mode: "circles", message: "it redirects in a circle"),
    ]

    private func run(_ name: String, _ body: (Sandbox, RegistryServer) throws -> Void) throws {
        try Sandbox.run(name) { box in
            try FileManager.default.createDirectory(
                atPath: "\(box.directory)/config/trice", withIntermediateDirectories: true)
            try #"{"timeout": 1}"#.write(
                toFile: "\(box.directory)/config/trice/registries.json", atomically: true, encoding: .utf8)
            try body(box, try RegistryServer.startHostile(in: box))
        }
    }

    private func pull(_ box: Sandbox, _ image: String) -> Outcome {
        box.trice(
            "image", "pull", image,
            environment: ["XDG_CONFIG_HOME": "\(box.directory)/config", "DOCKER_CONFIG": box.work])
    }

    private func expectNothing(of image: String, _ box: Sandbox) {
        #expect(!box.trice("image", "ls").out.contains(image))
        let check = box.trice("system", "check", "--deep")
        #expect(check.status == 0, "\(check)")
        #expect((try? FileManager.default.contentsOfDirectory(atPath: "\(box.directory)/root/images/intakes")) == [])
    }

    @Test("A pull from one ends with its reason, and leaves nothing in the store", arguments: refusals)
    func refuses(_ refusal: Refusal) throws {
        try run("hostile") { box, server in
            let outcome = pull(box, "127.0.0.1:\(server.port)/\(refusal.mode):1")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains(refusal.message), "\(outcome)")
            #expect(!outcome.err.contains("\u{1B}"))
            expectNothing(of: refusal.mode, box)
        }
    }

    @Test(
        "What goes well the next time is asked for again",
        arguments: ["good", "fails-twice", "limits", "breaks", "breaks-without-ranges", "redirects"])
    func recovers(mode: String) throws {
        try run("recovers") { box, server in
            let image = "127.0.0.1:\(server.port)/\(mode):1"
            let outcome = pull(box, image)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.out == "\(image)\n")
            if mode == "breaks" { #expect(server.requests.contains { $0.contains(" bytes=") }) }
            let check = box.trice("system", "check", "--deep")
            #expect(check.status == 0, "\(check)")
        }
    }

    @Test func `credentials do not go along to another host`() throws {
        try run("redirects") { box, server in
            try #"{"auths": {"127.0.0.1:\#(server.port)": {"auth": "bWU6c2VjcmV0"}}}"#.write(
                toFile: "\(box.work)/config.json", atomically: true, encoding: .utf8)
            let outcome = pull(box, "127.0.0.1:\(server.port)/private-redirects:1")
            #expect(outcome.status == 0, "\(outcome)")
            let elsewhere = server.requests.filter { $0.hasPrefix("\(server.otherPort) ") }
            #expect(!elsewhere.isEmpty)
            #expect(elsewhere.allSatisfy { $0.contains(" without ") })
            #expect(server.requests.contains { $0.hasPrefix("\(server.port) ") && $0.contains(" with credentials ") })
        }
    }

    @Test func `an upload that was broken off goes on from where the registry has got to`() throws {
        try run("drops") { box, server in
            let name = "127.0.0.1:\(server.port)/drops:1"
            box.must("image", "tag", "busybox:1", name)
            let pushed = box.trice("image", "push", name)
            #expect(pushed.status == 0, "\(pushed)\n\(server.requests)")
            let patches = server.requests.filter { $0.contains(" PATCH ") && !$0.contains(" 0-") }
            #expect(!patches.isEmpty, "\(server.requests)")
        }
    }

    @Test func `a pull that was broken off goes on where it was`() throws {
        try run("resumes") { box, server in
            let image = "127.0.0.1:\(server.port)/stalls:1"
            #expect(pull(box, image).status == 1)
            // The same layers from a repository that gives them.
            let good = pull(box, "127.0.0.1:\(server.port)/good:1")
            #expect(good.status == 0, "\(good)")
            #expect(server.requests.contains { $0.contains("/good/blobs/") && $0.contains("bytes=1000000-") })
            #expect(box.trice("system", "check", "--deep").status == 0)
        }
    }

    @Test func `a stack names the line of an image that nobody has`() throws {
        try run("line") { box, server in
            try box.write("services:\n  a:\n    image: 127.0.0.1:\(server.port)/artifact:1\n")
            let outcome = box.try_("up", "-d")
            #expect(outcome.status == 1)
            #expect(
                outcome.err.contains("compose.yaml:3:12: error: 127.0.0.1:\(server.port)/artifact:1: it is no image"))
            #expect(box.try_("up", "-d", "--pull", "never").err.contains("no such image"))
        }
    }
}
