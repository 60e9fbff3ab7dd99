// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Compose applications in a registry, Debian's docker-registry.
@Suite struct PublishTests {
    private func inspected(_ name: String, in box: Sandbox) throws -> [String: Any] {
        let raw = box.run(["/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"])
        return try #require(JSONSerialization.jsonObject(with: Data(raw.out.utf8)) as? [String: Any], "\(raw)")
    }

    /// Of a manifest or an index, as skopeo computes it.
    private func digest(_ name: String, in box: Sandbox) throws -> String {
        let raw = box.run(["/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"])
        try raw.out.write(toFile: "\(box.work)/manifest.json", atomically: true, encoding: .utf8)
        return box.run(["/usr/bin/skopeo", "manifest-digest", "\(box.work)/manifest.json"]).out
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func `a stack is published, and comes up from the registry alone`() throws {
        try Sandbox.run("publish") { box in
            let server = try RegistryServer.start(.open, in: box)
            let name = "localhost:\(server.port)/shop"
            let cache = ["XDG_CACHE_HOME": "\(box.directory)/cache", "GREETING": "hello"]
            try box.write("services: { base: { image: busybox:1, environment: { FROM: base } } }", to: "base.yaml")
            try box.write("FILE=from the file\n", to: "web.env")
            try box.write(
                """
                name: shop
                services:
                  web:
                    extends: { file: base.yaml, service: base }
                    env_file: [web.env, { path: none.env, required: false }]
                    command: sh -c 'echo $$FROM, $$FILE, ${GREETING:-nothing}'
                """)
            let sent = box.try_("publish", "--with-env", "--yes", "\(name):1")
            #expect(sent.status == 0 && sent.out.hasPrefix("\(name):1 sha256:"), "\(sent)")
            let manifest = try inspected("\(name):1", in: box)
            #expect(manifest["artifactType"] as? String == "application/vnd.docker.compose.project")
            let types = (manifest["layers"] as? [[String: Any]] ?? []).map { $0["mediaType"] as? String }
            #expect(
                types == ["application/vnd.docker.compose.file+yaml", "application/vnd.docker.compose.envfile"])
            for file in ["compose.yaml", "base.yaml", "web.env"] {
                try FileManager.default.removeItem(atPath: "\(box.work)/\(file)")
            }
            let up = box.try_("-f", "oci://\(name):1", "up", "--no-log-prefix", environment: cache)
            #expect(up.out.contains("base, from the file, hello"), "\(up)")
            box.must("down")
            // By another file, and with the digest.
            let digest = sent.out.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
            try box.write("include: ['oci://\(name)@\(digest)']\nservices: { web: { labels: { a: b } } }")
            let config = box.try_("config", environment: cache)
            #expect(config.status == 0 && config.out.contains("a: b"), "\(config)")
        }
    }

    @Test func `images are sent, and pinned where that is asked for`() throws {
        try Sandbox.run("pin") { box in
            let server = try RegistryServer.start(.open, in: box)
            let domain = "localhost:\(server.port)"
            let cache = ["XDG_CACHE_HOME": "\(box.directory)/cache"]
            try box.write("FROM busybox:1\n", to: "Dockerfile")
            try box.write("services: { api: { build: ., image: '\(domain)/api:1' } }")
            box.must("build", "-q")
            let sent = box.try_("publish", "--resolve-image-digests", "--oci-version", "1.0", "\(domain)/app")
            #expect(sent.status == 0, "\(sent)")
            let manifest = try inspected("\(domain)/app:latest", in: box)
            #expect(manifest["artifactType"] == nil)
            let type = (manifest["config"] as? [String: Any])?["mediaType"] as? String
            #expect(type == "application/vnd.docker.compose.config.empty.v1+json")
            let config = box.try_("-f", "oci://\(domain)/app", "config", "--images", environment: cache)
            #expect(config.out.hasPrefix("\(domain)/api:1@sha256:"), "\(config)")
        }
    }

    @Test func `an application takes its images along, with all their platforms`() throws {
        try Sandbox.run("along") { box in
            let (server, other) = (try RegistryServer.start(.open, in: box), try RegistryServer.start(.open, in: box))
            let (near, far) = ("localhost:\(server.port)/near/tool:1", "localhost:\(other.port)/far:1")
            box.must("image", "tag", "busybox:1", near)
            box.must("image", "push", near)
            try other.pushIndex(to: "far", in: box)
            try box.write("services: { a: { image: '\(near)' }, b: { image: '\(far)' }, c: { image: '\(far)' } }")
            let name = "localhost:\(server.port)/shop"
            // Twice: what is there is no mistake, and is listed once.
            for _ in 0..<2 {
                let sent = box.try_("publish", "--app", "\(name):1")
                #expect(sent.status == 0 && sent.out.hasPrefix("\(name):1 sha256:"), "\(sent)")
            }
            let digests = try [near, far].map { try digest($0, in: box) }
            let application = try digest("\(name):1", in: box)
            // Debian's registry knows no subjects: there is a tag that lists what belongs to the application.
            let list = try inspected("\(name):\(application.replacing(":", with: "-"))", in: box)
            let listed = try #require(list["manifests"] as? [[String: Any]])
            #expect(listed.map { $0["artifactType"] as? String } == ["application/vnd.docker.compose.project"])
            let index = try inspected("\(name)@\(listed.first?["digest"] as? String ?? "")", in: box)
            #expect((index["subject"] as? [String: Any])?["digest"] as? String == application)
            let images = index["manifests"] as? [[String: Any]] ?? []
            #expect(images.compactMap { $0["digest"] as? String }.sorted() == digests.sorted())
            let platforms = try inspected("\(name)@\(digests[1])", in: box)["manifests"] as? [[String: Any]]
            #expect(platforms?.count == 2)
            // Whole, and without the registry that it came from.
            other.end()
            box.must("image", "pull", "--all-platforms", "\(name)@\(digests[1])")
            box.must("image", "pull", "\(name)@\(digests[0])")
            let config = box.try_(
                "-f", "oci://\(name):1", "config", "--images",
                environment: ["XDG_CACHE_HOME": "\(box.directory)/cache"])
            for digest in digests { #expect(config.out.contains(digest), "\(config)") }
        }
    }

    @Test func `an application is not published without an image that it would take along`() throws {
        try Sandbox.run("lacking") { box in
            let server = try RegistryServer.start(.open, in: box)
            let name = "localhost:\(server.port)/shop:1"
            try box.write("services: { a: { image: 'localhost:\(server.port)/none:1' } }")
            let outcome = box.try_("publish", "--app", name)
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("compose.yaml:1:25: error: localhost:\(server.port)/none:1"), "\(outcome)")
            let found = box.run(["/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"])
            #expect(found.status != 0)
        }
    }

    struct Refusal: CustomTestStringConvertible {
        let service: String
        var arguments: [String] = []
        let message: String
        var testDescription: String { service }
    }

    @Test(arguments: [
        Refusal(service: "{ build: . }", message: "compose.yaml:1:25: error: service a has no image"),
        Refusal(
            service: "{ image: x, environment: { A: b } }",
            message: "compose.yaml:1:41: error: service a has values in its environment"),
        Refusal(
            service: "{ image: x, env_file: e.env }",
            message: "compose.yaml:1:38: error: service a has values in its env_file"),
        Refusal(service: "{ image: x, volumes: ['./d:/d'] }", message: "d of this host is named, not sent"),
        Refusal(
            service: "{ image: x, environment: { A: b } }", arguments: ["--with-env"],
            message: "the value of A is sent"),
    ])
    func `what should not be sent without a word is not`(_ refusal: Refusal) throws {
        try Sandbox.run("secrecy") { box in
            try box.write("A=b\n", to: "e.env")
            try box.write("services: { a: \(refusal.service) }")
            let outcome = box.run(
                [Sandbox.binary, "-p", "secrecy", "publish"] + refusal.arguments + ["localhost:1/x"])
            #expect(outcome.status == 1)
            #expect(outcome.err.contains(refusal.message), "\(outcome)")
        }
    }

    @Test func `what is no application is refused by its name`() throws {
        try Sandbox.run("noapp") { box in
            let server = try RegistryServer.start(.open, in: box)
            let name = "localhost:\(server.port)/busybox:1"
            box.must("image", "tag", "busybox:1", name)
            box.must("image", "push", name)
            for (reference, reason) in [
                (name, "it is no Compose application, but something of type application/vnd.oci.image.config.v1+json"),
                ("localhost:\(server.port)/none:1", "localhost:\(server.port)/none:1"),
            ] {
                let outcome = box.try_("-f", "oci://\(reference)", "config")
                #expect(outcome.status == 1)
                #expect(outcome.err.contains("error: cannot get 'oci://\(reference)'"), "\(outcome)")
                #expect(outcome.err.contains(reason), "\(outcome)")
            }
        }
    }
}
