// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Against Debian's docker-registry, with skopeo beside.
@Suite struct PullAndPushTests {
    private func digest(_ outcome: Outcome) -> String {
        outcome.out.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
    }

    @Test func `an image goes to a registry and comes back, by tag and by digest`() throws {
        try Sandbox.run("push") { box in
            let server = try RegistryServer.start(.open, in: box)
            let name = "localhost:\(server.port)/app/busybox"
            box.must("image", "tag", "busybox:1", "\(name):1")
            let pushed = digest(box.must("image", "push", "\(name):1"))
            #expect(pushed.hasPrefix("sha256:"))
            // As registries want layers: packed.
            let manifest = box.run([
                "/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name):1",
            ])
            #expect(manifest.out.contains("layer.v1.tar+gzip"), "\(manifest)")
            // Nothing is sent twice.
            #expect(digest(box.must("image", "push", "\(name):1")) == pushed)
            let seen = box.run([
                "/usr/bin/skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(name):1",
            ])
            #expect(seen.out == "\(pushed)\n", "\(seen)")
            box.must("image", "prune", "-af")
            #expect(box.must("image", "pull", "\(name)@\(pushed)").out == "\(name)@\(pushed)\n")
            #expect(box.must("image", "pull", "\(name):1").err.contains("Pulled"))
            #expect(box.must("image", "pull", "\(name):1").err.contains("Up to date"))
            try box.write("services: { a: { image: '\(name):1', command: 'echo it runs' } }")
            #expect(box.must("up", "--no-log-prefix").out.contains("it runs"))
            box.must("down")
            #expect(box.trice("system", "check", "--deep").status == 0)
        }
    }

    @Test func `a registry with TLS and a password lets in who has both`() throws {
        try Sandbox.run("login") { box in
            let server = try RegistryServer.start(.protected, in: box)
            let domain = "localhost:\(server.port)"
            let name = "\(domain)/secret:1"
            let docker = ["DOCKER_CONFIG": "\(box.work)/docker", "XDG_CONFIG_HOME": "\(box.work)/config"]
            func trice(_ arguments: String..., input: String? = nil) -> Outcome {
                box.run([Sandbox.binary] + arguments, input: input, environment: docker)
            }
            #expect(trice("image", "tag", "busybox:1", name).status == 0)
            // The certificate is nobody's whom the system knows.
            #expect(trice("image", "push", name).err.contains("certificate is signed by nobody"))
            let certificates = "\(box.work)/config/trice/certs.d/\(domain)"
            try FileManager.default.createDirectory(atPath: certificates, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(server.directory)/cert.pem", toPath: "\(certificates)/ca.crt")
            let refused = trice("image", "push", name)
            #expect(refused.status == 1)
            #expect(refused.err.contains("(401)") && refused.err.contains("trice login \(domain)"), "\(refused)")
            let wrong = trice("login", "-u", RegistryServer.user, "--password-stdin", domain, input: "wrong\n")
            #expect(wrong.status == 1)
            #expect(wrong.err.contains("incorrect user name or password"), "\(wrong)")
            let good = trice(
                "login", "-u", RegistryServer.user, "--password-stdin", domain, input: RegistryServer.password)
            #expect(good.status == 0 && good.out == "Login Succeeded\n", "\(good)")
            #expect(trice("image", "push", name).status == 0)
            #expect(trice("image", "pull", name).status == 0)
            // Docker's own clients find the same credentials in the same file.
            let skopeo = box.run(
                [
                    "/usr/bin/skopeo", "inspect", "--tls-verify=false", "--authfile", "\(box.work)/docker/config.json",
                    "docker://\(name)",
                ])
            #expect(skopeo.status == 0, "\(skopeo)")
            #expect(trice("logout", domain).out == "Removing login credentials for \(domain)\n")
            #expect(trice("logout", domain).out == "Not logged in to \(domain)\n")
            #expect(trice("image", "push", name).status == 1)
        }
    }

    @Test func `a registry that wants a certificate gets the client's`() throws {
        try Sandbox.run("certificate") { box in
            let server = try RegistryServer.start(.byCertificate, in: box)
            let domain = "localhost:\(server.port)"
            let directory = "\(box.directory)/config/trice/certs.d/\(domain)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(server.directory)/cert.pem", toPath: "\(directory)/ca.crt")
            box.must("image", "tag", "busybox:1", "\(domain)/x:1")
            #expect(box.try_("image", "push", "\(domain)/x:1").status == 1)
            // The test's one certificate is its own root, a server's and a client's.
            try FileManager.default.copyItem(atPath: "\(server.directory)/cert.pem", toPath: "\(directory)/me.cert")
            try FileManager.default.copyItem(atPath: "\(server.directory)/key.pem", toPath: "\(directory)/me.key")
            box.must("image", "push", "\(domain)/x:1")
        }
    }

    @Test func `credentials may be kept by a program`() throws {
        try Sandbox.run("helper") { box in
            let server = try RegistryServer.start(.protected, in: box)
            let domain = "localhost:\(server.port)"
            try FileManager.default.createDirectory(atPath: "\(box.work)/docker", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: "\(box.work)/bin", withIntermediateDirectories: true)
            try #"{"credHelpers": {"\#(domain)": "test"}}"#.write(
                toFile: "\(box.work)/docker/config.json", atomically: true, encoding: .utf8)
            try """
            #!/bin/sh
            case $1 in
            store) cat > \(box.work)/kept ;;
            get) cat > /dev/null; cat \(box.work)/kept 2>/dev/null || { echo credentials not found in native keychain; exit 1; } ;;
            erase) cat > /dev/null; rm \(box.work)/kept ;;
            esac
            """.write(toFile: "\(box.work)/bin/docker-credential-test", atomically: true, encoding: .utf8)
            chmod("\(box.work)/bin/docker-credential-test", 0o755)
            try #"{"insecure": ["\#(domain)"]}"#.write(
                toFile: "\(box.work)/registries.json", atomically: true, encoding: .utf8)
            try FileManager.default.createDirectory(
                atPath: "\(box.work)/config/trice", withIntermediateDirectories: true)
            try FileManager.default.moveItem(
                atPath: "\(box.work)/registries.json", toPath: "\(box.work)/config/trice/registries.json")
            let environment = [
                "DOCKER_CONFIG": "\(box.work)/docker", "XDG_CONFIG_HOME": "\(box.work)/config",
                "PATH": "\(box.work)/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            ]
            func trice(_ arguments: String..., input: String? = nil) -> Outcome {
                box.run([Sandbox.binary] + arguments, input: input, environment: environment)
            }
            #expect(trice("image", "tag", "busybox:1", "\(domain)/x:1").status == 0)
            #expect(trice("image", "push", "\(domain)/x:1").err.contains("(401)"))
            let login = trice(
                "login", "-u", RegistryServer.user, "--password-stdin", domain, input: RegistryServer.password)
            #expect(login.status == 0 && login.err.contains("docker-credential-test"), "\(login)")
            #expect(!box.read("docker/config.json").contains("\"auth\""))
            #expect(trice("image", "push", "\(domain)/x:1").status == 0)
            #expect(trice("logout", domain).status == 0)
            #expect(trice("image", "push", "\(domain)/x:1").err.contains("(401)"))
        }
    }

    @Test func `of an index the image for this machine is taken, or the one that is asked for`() throws {
        try Sandbox.run("index") { box in
            let server = try RegistryServer.start(.open, in: box)
            let name = "localhost:\(server.port)/multi"
            try server.pushIndex(to: "multi", in: box)
            box.must("image", "pull", "\(name):1")
            #expect(box.must("image", "inspect", "\(name):1").out.contains("\"Architecture\" : \"amd64\""))
            box.must("image", "pull", "--platform", "linux/arm64", "\(name):1")
            #expect(box.must("image", "inspect", "\(name):1").out.contains("\"Architecture\" : \"arm64\""))
            let none = box.try_("image", "pull", "--platform", "linux/s390x", "\(name):1")
            #expect(none.status == 1)
            #expect(
                none.err.contains("it has no image for linux/s390x")
                    && none.err.contains("it has linux/amd64, linux/arm64"))
            box.must("image", "prune", "-af")
            box.must("image", "pull", "--all-platforms", "\(name):1")
            #expect(box.must("image", "inspect", "\(name):1").out.contains("\"Architecture\" : \"amd64\""))
            #expect(box.trice("system", "check", "--deep").status == 0)
            // With both there, the whole index can go on to another name.
            box.must("image", "tag", "\(name):1", "\(name)-copy:1")
            box.must("image", "push", "--all-platforms", "\(name)-copy:1")
            let raw = box.run(["/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)-copy:1"])
            #expect(raw.out.contains("index.v1+json") && raw.out.contains("arm64"), "\(raw)")
        }
    }

    @Test func `a mirror is asked before the registry, which need not even be there`() throws {
        try Sandbox.run("mirror") { box in
            let server = try RegistryServer.startHostile(in: box)
            try #"{"mirrors": {"registry.invalid": ["http://127.0.0.1:1", "http://127.0.0.1:\#(server.port)"]}}"#.write(
                toFile: "\(box.directory)/config/trice/registries.json", atomically: true, encoding: .utf8)
            #expect(box.must("image", "pull", "registry.invalid/good:1").out == "registry.invalid/good:1\n")
            #expect(box.must("image", "ls").out.contains("registry.invalid/good"))
        }
    }

    @Test func `a registry that wants a token gets one, for this repository`() throws {
        try Sandbox.run("token") { box in
            let server = try RegistryServer.startHostile(in: box)
            box.must("image", "pull", "127.0.0.1:\(server.port)/tokens:1")
            #expect(server.requests.count { $0.contains("/token?") } == 1, "\(server.requests)")
        }
    }

    @Test func `a proxy of the environment is asked for what it is for`() throws {
        try Sandbox.run("proxy") { box in
            let server = try RegistryServer.startHostile(in: box)
            try #"{"insecure": ["registry.invalid:80"]}"#.write(
                toFile: "\(box.directory)/config/trice/registries.json", atomically: true, encoding: .utf8)
            let proxy = [
                "http_proxy": "http://127.0.0.1:\(server.port)", "https_proxy": "http://127.0.0.1:\(server.port)",
            ]
            let pulled = box.trice("image", "pull", "registry.invalid:80/good:1", environment: proxy)
            #expect(pulled.status == 0, "\(pulled)")
            #expect(server.requests.contains { $0.contains("CONNECT registry.invalid:80") })
        }
    }

    @Test func `a layer that the registry has elsewhere is not sent again`() throws {
        try Sandbox.run("mounts") { box in
            let server = try RegistryServer.start(.open, in: box)
            let name = "localhost:\(server.port)"
            for repository in ["one", "two/three"] {
                box.must("image", "tag", "busybox:1", "\(name)/\(repository):1")
            }
            box.must("image", "push", "\(name)/one:1")
            let second = box.run([Sandbox.binary, "--progress", "json", "image", "push", "\(name)/two/three:1"])
            #expect(second.status == 0 && second.err.contains("\"mounted\""), "\(second)")
            #expect(!second.err.contains("\"uploading\""), "\(second)")
        }
    }

    @Test func `two pulls of one image at once fetch it once`() throws {
        try Sandbox.run("twice") { box in
            let server = try RegistryServer.startHostile(in: box)
            let image = "127.0.0.1:\(server.port)/good:1"
            let pulls = try (0..<3).map { try box.start(["image", "pull", image], output: "out\($0)") }
            for pull in pulls { pull.waitUntilExit() }
            #expect(pulls.allSatisfy { $0.terminationStatus == 0 })
            let layers = Dictionary(grouping: server.requests.filter { $0.contains("GET /v2/good/blobs/") }) { $0 }
            // Two layers and the configuration, which is too small to wait for.
            #expect(layers.values.filter { $0.count > 1 }.count <= 1, "\(layers)")
            #expect(box.trice("system", "check", "--deep").status == 0)
        }
    }

    @Test(arguments: ["docker", "oci"])
    func `what is saved is read by skopeo, and what skopeo writes is loaded`(format: String) throws {
        try Sandbox.run("save") { box in
            box.must("image", "save", "--format", format, "-o", "out.tar", "busybox:1")
            let form = format == "oci" ? "oci-archive" : "docker-archive"
            let copied = box.run([
                "/usr/bin/skopeo", "copy", "-q", "\(form):out.tar:busybox:1", "\(form):again.tar:other:2",
            ])
            #expect(copied.status == 0, "\(copied)")
            #expect(box.must("image", "load", "-i", "again.tar").out == "Loaded image: other:2\n")
            try box.write("services: { a: { image: 'other:2', command: 'echo it runs' } }")
            #expect(box.must("up", "--no-log-prefix").out.contains("it runs"))
            box.must("down")
        }
    }
}
