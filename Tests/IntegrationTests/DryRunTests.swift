// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Commands
import Foundation
import Testing

/// `--dry-run`: what a command would do is said, and nothing is done.
@Suite struct DryRunTests {
    /// A command line, `HOST` for a registry, and what is said.
    struct Row {
        let line: String
        /// The lines on standard output; nil: what it says without the flag.
        let says: [String]?
        /// A part of what is wrong.
        let fails: String?

        init(_ line: String, _ says: [String]? = nil, fails: String? = nil) {
            (self.line, self.says, self.fails) = (line, says, fails)
        }
    }

    private static let nothing = ["Nothing to do."]

    /// Each command of the definitions, more than once where it has several things to do.
    private static let rows = [
        Row("up -d", nothing), Row("up", nothing), Row("up -d --scale web=2", ["create dryrun-web-2"]),
        Row("up -d --build app", ["build image HOST/app:1", "create dryrun-app-1"]),
        Row("up -d remote", ["pull image HOST/there:1", "create dryrun-remote-1"]),
        Row("up -d nosuch", fails: "no such service: nosuch"),
        Row("create --force-recreate web", ["recreate dryrun-web-1: asked for: --force-recreate"]),
        Row("scale web=3", ["create dryrun-web-2", "create dryrun-web-3"]), Row("plan"),
        Row("plan -o plan.json", ["write file plan.json", "Nothing to do."]),
        Row("stop", ["stop dryrun-web-1", "stop dryrun-db-1"]), Row("stop db", ["stop dryrun-db-1"]),
        Row("stop nosuch", fails: "no such service: nosuch"), Row("start", nothing),
        Row("start app", fails: "no such service: app"),
        Row("restart", ["stop dryrun-web-1", "stop dryrun-db-1", "start dryrun-db-1", "start dryrun-web-1"]),
        Row("down --rmi all web", ["stop dryrun-web-1", "remove dryrun-web-1"]),
        Row(
            "down -v --rmi all",
            [
                "stop dryrun-web-1", "stop dryrun-db-1", "remove dryrun-web-1", "remove dryrun-db-1",
                "remove network dryrun_default", "remove volume dryrun_data", "remove image busybox:1",
            ]),
        Row("rm", nothing), Row("rm -fs web", ["stop dryrun-web-1", "remove dryrun-web-1"]),
        Row("kill -s HUP", ["kill dryrun-db-1: signal 1", "kill dryrun-web-1: signal 1"]),
        Row("pause web", ["pause dryrun-web-1"]), Row("unpause web", nothing),
        Row("wait web", ["wait for dryrun-web-1"]),
        Row("exec -d web true x", ["exec in dryrun-web-1: true x"]),
        Row("exec web true", fails: "exec is not supported in a dry run"),
        Row("exec -d app true", fails: "no such service: app"),
        Row(
            "run --rm -T --name once web true", ["create once", "start once", "remove once: when it has ended"]),
        Row("run nosuch", fails: "no such service: nosuch"),
        Row("cp compose.yaml web:/x", ["copy file compose.yaml: to dryrun-web-1:/x"]),
        Row("cp web:/etc/passwd x", ["copy file dryrun-web-1:/etc/passwd: to x"]),
        Row("export -o out.tar web", ["export dryrun-web-1: out.tar"]),
        Row("commit --no-pause web made:1", ["create image made:1: of dryrun-web-1"]),
        Row("attach web", fails: "attach is not supported in a dry run"),
        Row("ui", fails: "ui is not supported in a dry run"),
        Row("watch", fails: "watch is not supported in a dry run"),
        Row("capture -o packets web", ["capture dryrun-web-1: packets"]),
        Row("ps -q"), Row("logs"), Row("config"), Row("config -o out.yaml", ["write file out.yaml"]), Row("ls"),
        Row("why web"), Row("port web"), Row("top"), Row("stats --no-stream --format {{.Name}}"),
        Row("events --since 1h --until 0s"), Row("images"), Row("volumes"), Row("version"), Row("completion bash"),
        Row("build app", ["build image HOST/app:1"]),
        Row("build --push app", ["build image HOST/app:1", "push image HOST/app:1"]),
        Row("pull remote", ["pull image HOST/there:1"]), Row("pull gone", fails: "HOST/gone:1"),
        Row("push app", ["push image HOST/app:1"]),
        Row("publish --yes HOST/stack:1", ["push image HOST/app:1", "publish application HOST/stack:1"]),
        Row("image ls -q"), Row("image pull -q HOST/there:1", ["pull image HOST/there:1"]),
        Row("image push HOST/app:1", ["push image HOST/app:1"]),
        Row("image push HOST/nosuch:1", fails: "no such image: HOST/nosuch:1"),
        Row("image load -i compose.yaml", ["load archive compose.yaml"]),
        Row("image save -o saved.tar busybox:1", ["save image busybox:1: saved.tar"]),
        Row("image import compose.yaml made:2", ["create image made:2: of compose.yaml"]),
        Row("image inspect busybox:1"), Row("image history busybox:1"),
        Row("image tag busybox:1 other:1", ["tag image busybox:1: other:1"]),
        Row("image tag nosuch:1 other:1", fails: "no such image: nosuch:1"),
        Row("image rm HOST/app:1", ["remove image HOST/app:1: Untagged: HOST/app:1"]), Row("image prune", nothing),
        Row("volume ls"), Row("volume create more", ["create volume more"]), Row("volume inspect spare"),
        Row("volume rm spare", ["remove volume spare"]), Row("volume rm dryrun_data", fails: "is in use"),
        Row("volume prune -a", ["remove volume spare"]),
        Row("volume export -o out.tar spare", ["export volume spare: out.tar"]),
        Row("volume import more compose.yaml", ["create volume more", "fill volume more: from compose.yaml"]),
        Row("network ls"), Row("network create more", ["create network more"]), Row("network inspect spare"),
        Row("network create spare", fails: "already there"),
        Row("network rm spare", ["remove network spare"]), Row("network rm dryrun_default", fails: "is in use"),
        Row("network prune", ["remove network spare"]),
        Row("network connect spare dryrun-web-1", ["connect dryrun-web-1: network spare"]),
        Row("network disconnect dryrun_default dryrun-web-1", ["disconnect dryrun-web-1: network dryrun_default"]),
        Row("network disconnect spare dryrun-web-1", fails: "is not on network spare"), Row("network graph"),
        Row("system boot", nothing), Row("system check"), Row("system df"),
        Row("system prune", ["remove network spare"]),
        Row("login -u me -p secret HOST", ["login registry HOST"]), Row("logout HOST", ["logout registry HOST"]),
        Row("manual pages"),
    ]

    @Test func `every command says in a dry run what it would do, and changes nothing`() throws {
        try Sandbox.run("dryrun") { box in
            let registry = try Self.prepare(box), host = "localhost:\(registry.port)"
            defer { withExtendedLifetime(registry) {} }
            let before = box.snapshot()
            for row in Self.rows {
                let words = row.line.replacingOccurrences(of: "HOST", with: host).split(separator: " ").map(String.init)
                let outcome = box.run([box.binary, "-p", box.project, "--dry-run"] + words)
                if let part = row.fails {
                    #expect(outcome.status == 1, "\(row.line): \(outcome)")
                    #expect(
                        outcome.err.contains(part.replacingOccurrences(of: "HOST", with: host)),
                        "\(row.line): \(outcome)")
                } else {
                    #expect(outcome.status == 0, "\(row.line): \(outcome)")
                    if let says = row.says {
                        #expect(
                            outcome.lines == says.map { $0.replacingOccurrences(of: "HOST", with: host) },
                            "\(row.line): \(outcome)")
                    }
                }
                let changes = Self.differences(before, box.snapshot())
                #expect(changes.isEmpty, "\(row.line) changed \(changes)")
            }
            #expect(box.trice("network", "rm", "spare").status == 0)
        }
    }

    @Test func `where nothing is up nothing is made either`() throws {
        try Sandbox.run("drydown") { box in
            try box.write("services: { web: { image: busybox:1, volumes: [\"data:/data\"] } }\nvolumes: { data: {} }\n")
            let before = box.snapshot()
            let planned = ["create network drydown_default", "create volume drydown_data", "create drydown-web-1"]
            #expect(box.must("up", "--dry-run").lines == planned)
            #expect(box.must("up", "-d", "--dry-run=true").lines == planned)
            #expect(
                box.must("run", "--dry-run", "--name", "once", "web", "true").lines == planned.dropLast()
                    + ["create once", "start once"])
            for row in Self.rows where !row.line.contains("HOST") {
                let words = row.line.split(separator: " ").map(String.init)
                _ = box.run([box.binary, "-p", box.project, "--dry-run"] + words)
                let changes = Self.differences(before, box.snapshot())
                #expect(changes.isEmpty, "\(row.line) changed \(changes)")
            }
        }
    }

    @Test func `every command is in the table`() throws {
        func names(_ definition: CommandDefinition, _ path: [String]) -> [String] {
            definition.commands.isEmpty
                ? [path.joined(separator: " ")]
                : definition.commands.flatMap { names($0, path + [$0.commandName]) }
        }
        for name in try names(Trice.definition(), []) {
            #expect(Self.rows.contains { "\($0.line) ".hasPrefix("\(name) ") }, "\(name) has no row")
        }
    }

    /// Brings a stack up, and has beside it what commands may be about.
    private static func prepare(_ box: Sandbox) throws -> RegistryServer {
        let registry = try RegistryServer.start(.open, in: box)
        let host = "localhost:\(registry.port)"
        try box.write(
            """
            services:
              db: { image: busybox:1, init: true, volumes: ["data:/data"] }
              web: { image: busybox:1, init: true, depends_on: [db] }
              app: { image: "\(host)/app:1", build: { context: ., dockerfile_inline: "FROM busybox:1" }, profiles: [tools] }
              remote: { image: "\(host)/there:1", profiles: [tools] }
              gone: { image: "\(host)/gone:1", profiles: [tools] }
            volumes: { data: {} }
            """)
        for name in ["app:1", "there:1"] {
            #expect(box.trice("image", "tag", "busybox:1", "\(host)/\(name)").status == 0)
        }
        #expect(box.trice("image", "push", "\(host)/there:1").status == 0)
        #expect(box.trice("image", "rm", "\(host)/there:1").status == 0)
        #expect(box.trice("volume", "create", "spare").status == 0)
        #expect(box.trice("network", "create", "spare").status == 0)
        box.must("up", "-d")
        return registry
    }

    private static func differences(_ before: [String: String], _ after: [String: String]) -> [String] {
        Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }
}

extension Sandbox {
    /// Every file below the roots and where commands run, by its path: kind, mode, owner, and what is in it.
    fileprivate func snapshot() -> [String: String] {
        let script = """
            cd \(directory) && for d in root run work; do [ -e $d ] || continue
            find $d -type f -exec sha256sum {} +; find $d -printf '%y %m %U %G %l %p\\n'; done
            """
        var found: [String: String] = [:]
        for line in run(["/bin/sh", "-c", script]).lines {
            let path = String(line.split(separator: " ").last ?? "")
            found[path, default: ""] += line
        }
        return found
    }
}
