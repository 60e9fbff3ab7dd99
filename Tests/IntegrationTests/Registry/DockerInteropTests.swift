// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Debian's docker and buildah beside trice: what one writes the other reads.
@Suite struct DockerInteropTests {
    /// A dockerd of the test's own, which touches neither the host's bridges nor its firewall.
    private final class Docker {
        let process = Process()
        let host: String

        init(in box: Sandbox) throws {
            host = "unix://\(box.directory)/docker.sock"
            process.executableURL = URL(fileURLWithPath: "/usr/sbin/dockerd")
            process.arguments = [
                "--data-root", "\(box.directory)/docker", "--exec-root", "\(box.directory)/docker-exec", "-H", host,
                "--pidfile", "\(box.directory)/docker.pid", "--bridge=none", "--iptables=false", "--ip6tables=false",
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let answers = box.eventually(within: 40) { run(["version"], box).status == 0 }
            #expect(answers, "dockerd does not answer")
        }

        func run(_ arguments: [String], _ box: Sandbox) -> Outcome {
            box.run(["/usr/bin/docker", "-H", host] + arguments)
        }

        /// Ends it and its containerd. SIGTERM is blocked in children of a test, so both are killed, and what is mounted
        /// below its directories is taken down.
        func end(_ box: Sandbox) {
            let children =
                (try? String(
                    contentsOfFile: "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children",
                    encoding: .utf8)) ?? ""
            for child in children.split(separator: " ").compactMap({ Int32($0) }) { kill(child, SIGKILL) }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let mounts = ((try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? "").split(
                separator: "\n")
            for mount in mounts.reversed() {
                let path = String(mount.split(separator: " ")[1])
                if path.hasPrefix("\(box.directory)/docker") { umount2(path, Int32(MNT_DETACH)) }
            }
        }
    }

    @Test func `docker loads what is saved and pulls what is pushed, and the other way`() throws {
        try Sandbox.run("docker") { box in
            let server = try RegistryServer.start(.open, in: box)
            let docker = try Docker(in: box)
            defer { docker.end(box) }
            func must(_ arguments: String...) -> String {
                let outcome = docker.run(arguments, box)
                #expect(outcome.status == 0, "docker \(arguments): \(outcome)")
                return outcome.out
            }
            let id = try #require(
                box.must("image", "inspect", "busybox:1").out.split(separator: "\n").first { $0.contains("\"Id\"") }?
                    .split(separator: "\"").first { $0.hasPrefix("sha256:") }.map(String.init))
            box.must("image", "save", "-o", "out.tar", "busybox:1")
            #expect(must("load", "-i", "\(box.work)/out.tar").contains("Loaded image: busybox:1"))
            #expect(must("image", "inspect", "--format", "{{.Id}}", "busybox:1") == "\(id)\n")

            let name = "localhost:\(server.port)/box"
            box.must("image", "tag", "busybox:1", "\(name):ours")
            box.must("image", "push", "\(name):ours")
            #expect(must("pull", "-q", "\(name):ours") == "\(name):ours\n")
            #expect(must("image", "inspect", "--format", "{{.Id}}", "\(name):ours") == "\(id)\n")

            _ = must("tag", "busybox:1", "\(name):theirs")
            _ = must("push", "\(name):theirs")
            _ = must("save", "-o", "\(box.work)/theirs.tar", "\(name):theirs")
            box.must("image", "prune", "-af")
            #expect(box.must("image", "load", "-i", "theirs.tar").out == "Loaded image: \(name):theirs\n")
            box.must("image", "prune", "-af")
            box.must("image", "pull", "\(name):theirs")
            #expect(box.must("image", "inspect", "\(name):theirs").out.contains(id))
            try box.write("services: { a: { image: '\(name):theirs', command: 'echo it runs' } }")
            #expect(box.must("up", "--no-log-prefix").out.contains("it runs"))
            box.must("down")
        }
    }

    @Test func `what buildah writes is loaded, in each of its forms`() throws {
        try Sandbox.run("buildah") { box in
            try box.write("FROM scratch\nCOPY text /\nCMD [\"/text\"]\n", to: "Dockerfile")
            try box.write("x", to: "text")
            func buildah(_ words: String...) {
                let done = box.run(
                    ["/usr/bin/buildah", "--root", "\(box.directory)/b", "--runroot", "\(box.directory)/br"] + words)
                #expect(done.status == 0, "buildah \(words): \(done)")
            }
            buildah("build", "--isolation", "chroot", "-q", "-t", "theirs", ".")
            for form in ["oci-archive", "docker-archive"] {
                buildah("push", "-q", "theirs", "\(form):\(box.work)/\(form).tar:example/theirs:\(form)")
                #expect(
                    box.must("image", "load", "-i", "\(form).tar").out.contains(
                        "Loaded image: example/theirs:\(form)\n"))
                #expect(box.must("image", "inspect", "example/theirs:\(form)").out.contains("\"/text\""))
            }
        }
    }
}
