// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `build`, by buildah.
@Suite struct BuildTests {
    @Test func `up builds what is not there, and --build what has changed`() throws {
        try Sandbox.run("build") { box in
            try FileManager.default.createDirectory(atPath: "\(box.work)/app", withIntermediateDirectories: true)
            try box.write(
                "FROM busybox:1\nARG WHO=nobody\nCOPY text /text\nRUN echo $WHO >> /text\nCMD cat /text\n",
                to: "app/Dockerfile")
            try box.write("one\n", to: "app/text")
            try box.write("ignored\n", to: "app/other")
            try box.write("other\n", to: "app/.dockerignore")
            try box.write("services: { app: { build: { context: app, args: { WHO: me } } } }")
            #expect(box.must("up", "--no-log-prefix").out.contains("one\nme\n"))
            try box.write("two\n", to: "app/text")
            #expect(box.must("up", "--no-log-prefix").out.contains("one\n"))
            #expect(box.must("up", "--no-log-prefix", "--build").out.contains("two\nme\n"))
            let id = box.must("build", "-q").out
            #expect(id.hasPrefix("sha256:"))
            // Nothing has changed: every step comes from the cache.
            #expect(box.must("build", "-q").out == id)
            #expect(box.must("build", "-q", "--build-arg", "WHO=you").out != id)
            box.must("down")
            #expect(box.must("image", "ls").out.contains("build-app"))
        }
    }

    @Test func `a service is another one's context, secrets reach steps, and the file's words count`() throws {
        try Sandbox.run("contexts") { box in
            try box.write(
                """
                services:
                  app:
                    image: example/app:1
                    build:
                      context: .
                      dockerfile_inline: |
                        FROM unused AS never
                        FROM mine AS second
                        RUN --mount=type=secret,id=token cp /run/secrets/token /token
                        HEALTHCHECK --interval=7s CMD true
                        FROM second AS third
                        RUN false
                      target: second
                      additional_contexts: { mine: "service:base" }
                      labels: { org.test: "yes" }
                      tags: ["example/app:extra"]
                      secrets: [token]
                    command: cat /token /base
                  base:
                    build: { context: ., dockerfile_inline: "FROM busybox:1\\nRUN echo from base > /base" }
                    command: "true"
                secrets: { token: { environment: TOKEN } }
                """)
            let built = box.try_("build", "app", environment: ["TOKEN": "s3cret\n"])
            #expect(built.status == 0, "\(built)")
            let ran = box.try_("run", "--rm", "-T", "app", environment: ["TOKEN": "s3cret\n"])
            #expect(ran.out == "s3cret\nfrom base\n", "\(ran)")
            let inspected = box.must("image", "inspect", "example/app:extra").out
            #expect(inspected.contains("\"org.test\" : \"yes\"") && inspected.contains("\"Interval\" : 7000000000"))
            #expect(box.must("image", "history", "example/app:1").out.contains("HEALTHCHECK"))
        }
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let build: String
        let message: String
        var testDescription: String { build }
    }

    static let refusals = [
        Refusal(build: "{ context: ., privileged: true }", message: "build.privileged is not supported"),
        Refusal(
            build: "{ context: ., entitlements: [security.insecure] }", message: "build.entitlements is not supported"),
        Refusal(build: "{ context: ., no_cache_filter: [x] }", message: "build.no_cache_filter is not supported"),
        Refusal(build: "{ context: ., network: mine }", message: "build.network mine is not supported"),
        Refusal(
            build: "{ context: ., cache_to: ['type=local,dest=x'] }",
            message: "build.cache_to type=local,dest=x is not supported"),
        Refusal(build: "{ context: ., sbom: true }", message: "build.sbom true is not supported"),
        Refusal(
            build: "{ context: ., platforms: [linux/amd64, linux/arm64] }", message: "build.platforms is not supported"),
        Refusal(build: "{ context: ./none }", message: "/none is not there"),
        Refusal(build: "{ context: ., dockerfile: none }", message: "/none is not there"),
        Refusal(build: "{ context: ., dockerfile_inline: 'FROM busybox:1\nRUN exit 3' }", message: "the build failed"),
        Refusal(
            build: "{ context: ., dockerfile_inline: 'FROM nobody/x:1' }",
            message: "is blocked"),
    ]

    @Test("What cannot be built is an error at its place", arguments: refusals)
    func refuses(_ refusal: Refusal) throws {
        try Sandbox.run("nobuild") { box in
            try box.write(
                "services:\n  a:\n    build: \(refusal.build.replacingOccurrences(of: "\n", with: "\\n").replacingOccurrences(of: "'FROM", with: "\"FROM").replacingOccurrences(of: "3'", with: "3\"").replacingOccurrences(of: "x:1'", with: "x:1\""))\n"
            )
            try box.write("FROM busybox:1\n", to: "Dockerfile")
            let outcome = box.try_("build")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains(refusal.message), "\(outcome)")
            #expect(outcome.err.contains("compose.yaml:3:"), "\(outcome)")
            let left = (try? FileManager.default.contentsOfDirectory(atPath: "\(box.directory)/root/build")) ?? []
            #expect(!left.contains { $0.hasPrefix("run-") }, "\(left)")
        }
    }

    /// Starts a program that goes on, and gives what ends it.
    private func start(_ program: String, _ arguments: [String], in box: Sandbox) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: box.work)
        process.standardError = FileHandle.nullDevice
        return process
    }

    @Test func `a repository is a context`() throws {
        try Sandbox.run("git") { box in
            func git(_ words: String...) {
                let done = box.run(
                    ["/usr/bin/git", "-C", "\(box.work)/repo", "-c", "user.name=t", "-c", "user.email=t@test"] + words)
                #expect(done.status == 0, "\(done)")
            }
            try FileManager.default.createDirectory(
                atPath: "\(box.work)/repo/sub", withIntermediateDirectories: true)
            try box.write("FROM busybox:1\nRUN echo from git > /x\n", to: "repo/sub/Dockerfile")
            git("init", "-q", "-b", "main")
            git("add", ".")
            git("commit", "-q", "-m", "x")
            let port = try RegistryServer.freePort()
            let server = try start(
                "/usr/lib/git-core/git-daemon",
                ["--listen=127.0.0.1", "--port=\(port)", "--export-all", "--base-path=\(box.work)", box.work], in: box)
            try server.run()
            defer {
                kill(server.processIdentifier, SIGKILL)
                server.waitUntilExit()
            }
            box.eventually { RegistryServer.connects(to: port) }
            let cache = ["XDG_CACHE_HOME": "\(box.directory)/cache"]
            try box.write("services: { a: { build: 'git://127.0.0.1:\(port)/repo#main:sub', command: cat /x } }")
            let up = box.try_("up", "--no-log-prefix", environment: cache)
            #expect(up.out.contains("from git"), "\(up)")
            box.must("down")
            try box.write("services:\n  a:\n    build: git://127.0.0.1:\(port)/repo#none:sub\n")
            let refused = box.try_("build", environment: cache)
            #expect(refused.err.contains("compose.yaml:3:12: error: service a: cannot get "), "\(refused)")
        }
    }

    @Test func `an archive is a context`() throws {
        try Sandbox.run("archive") { box in
            try box.write("FROM busybox:1\nRUN echo from an archive > /x\n", to: "Dockerfile")
            #expect(box.run(["/bin/tar", "-czf", "context.tar.gz", "Dockerfile"]).status == 0)
            try box.write(
                """
                import http.server
                s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
                print(s.server_address[1], flush=True)
                s.serve_forever()
                """, to: "serve.py")
            let output = Pipe()
            let server = try start("/usr/bin/python3", ["serve.py"], in: box)
            server.standardOutput = output
            try server.run()
            defer {
                kill(server.processIdentifier, SIGKILL)
                server.waitUntilExit()
            }
            let port = RegistryServer.line(of: output)
            try box.write(
                "services: { a: { build: 'http://127.0.0.1:\(port)/context.tar.gz', command: cat /x } }")
            let up = box.must("up", "--no-log-prefix")
            #expect(up.out.contains("from an archive"), "\(up)")
            box.must("down")
            try box.write("services:\n  a:\n    build: http://127.0.0.1:\(port)/none.tar.gz\n")
            let refused = box.try_("build")
            #expect(refused.err.contains("compose.yaml:3:12: error: service a: http://127.0.0.1:"), "\(refused)")
            #expect(refused.err.contains("the server answered 404"), "\(refused)")
        }
    }
}
