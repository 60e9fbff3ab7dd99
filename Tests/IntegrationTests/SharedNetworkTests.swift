// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Networks of several projects, and those that are made by hand.
@Suite struct SharedNetworkTests {
    private struct Inspected: Decodable {
        struct Member: Decodable {
            let Name: String
            let IPv4Address: String
        }
        let Name: String
        let Containers: [String: Member]
    }

    private func members(_ box: Sandbox, _ network: String) throws -> [String: String] {
        let text = box.trice("network", "inspect", network).out
        let found = try JSONDecoder().decode([Inspected].self, from: Data(text.utf8))
        return Dictionary(uniqueKeysWithValues: found[0].Containers.values.map { ($0.Name, $0.IPv4Address) })
    }

    @Test func `names of two projects resolve on a network that both share`() throws {
        try Sandbox.run("shared") { box in
            #expect(box.trice("network", "create", "--subnet", "10.253.40.0/24", "meeting").out == "meeting\n")
            #expect(box.trice("network", "create", "meeting").err.contains("network meeting is already there"))
            for name in ["shop", "bank"] {
                try box.write(
                    """
                    name: \(name)
                    services: { \(name)keeper: { image: busybox:1, init: true, networks: [meeting] } }
                    networks: { meeting: { external: true } }
                    """, to: "\(name).yaml")
                #expect(box.trice("-f", "\(name).yaml", "up", "-d").status == 0)
            }
            func ping(_ project: String, _ target: String) -> Bool {
                box.trice("-p", project, "exec", "-T", "\(project)keeper", "ping", "-c", "1", "-W", "2", target).status
                    == 0
            }
            #expect(ping("shop", "bankkeeper") && ping("bank", "shopkeeper") && ping("bank", "shop-shopkeeper-1"))
            #expect(try members(box, "meeting").keys.sorted() == ["bank-bankkeeper-1", "shop-shopkeeper-1"])
            let refused = box.trice("network", "rm", "meeting")
            #expect(refused.status == 1 && refused.err.contains("in use by 2 containers of bank, shop"), "\(refused)")
            #expect(box.trice("-p", "bank", "down", "-t", "0").status == 0)
            #expect(!ping("shop", "bankkeeper"))
            #expect(box.trice("-p", "shop", "down", "-t", "0").status == 0)
            #expect(box.trice("network", "ls", "-q").out == "meeting\n")
            #expect(box.trice("network", "rm", "meeting").out == "meeting\n")
        }
    }

    @Test func `a running container is put on a network and taken off, and a restart keeps it there`() throws {
        try Sandbox.run("joined") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            #expect(box.trice("-p", "other", "up", "-d").status == 0)
            func ping(_ name: String) -> Bool {
                box.try_("exec", "-T", "a", "ping", "-c", "1", "-W", "1", name).status == 0
            }
            #expect(!ping("other-a-1"))
            #expect(box.trice("network", "connect", "other_default", "joined-a-1", "--alias", "guest").status == 0)
            #expect(ping("other-a-1"))
            #expect(box.exec("a", "ip", "route").split(separator: "\n").count { $0.hasPrefix("default") } == 1)
            let back = box.trice("-p", "other", "exec", "-T", "a", "ping", "-c", "1", "guest")
            #expect(back.status == 0, "\(back)")
            #expect(box.trice("network", "connect", "other_default", "joined-a-1").err.contains("already on network"))
            box.must("restart", "-t", "0", "a")
            #expect(ping("other-a-1"))
            kill(try #require(box.supervisorPID), SIGKILL)
            box.must("restart", "-t", "0", "a")
            #expect(ping("other-a-1"))
            #expect(box.trice("network", "disconnect", "other_default", "joined-a-1").status == 0)
            #expect(!ping("other-a-1"))
            #expect(box.exec("a", "ip", "-o", "link").contains("eth1") == false)
            #expect(box.trice("network", "connect", "nosuch", "joined-a-1").err.contains("no such network: nosuch"))
            #expect(
                box.trice("network", "connect", "other_default", "nosuch").err.contains("no such container: nosuch"))
        }
    }

    @Test func `prune removes what no container is on`() throws {
        try Sandbox.run("prune") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            for name in ["one", "two"] { #expect(box.trice("network", "create", name).status == 0) }
            #expect(box.trice("network", "prune").out == "one\ntwo\n")
            #expect(box.trice("network", "ls", "--format", "{{.Name}} {{.Project}}").out == "prune_default prune\n")
        }
    }

    @Test func `the graph shows who shares what`() throws {
        try Sandbox.run("graph") { box in
            try box.write(
                """
                services:
                  web: { image: busybox:1, ports: ["8080:80"], networks: { front: { aliases: [www] }, back: {} } }
                  db: { image: busybox:1, networks: [back] }
                  alone: { image: busybox:1, network_mode: none }
                networks: { front: {}, back: { internal: true } }
                """)
            #expect(
                box.must("network", "graph").out == """
                    graph_front
                    └─ web also www  ⇐ 8080→80/tcp
                    graph_back (internal)
                    ├─ web  ⇐ 8080→80/tcp
                    └─ db
                    alone: none

                    """)
            let dot = box.must("network", "graph", "--format", "dot").out
            #expect(dot.contains("\"db\" -- \"network back\";"), "\(dot)")
            #expect(box.must("network", "graph", "--format", "mermaid").out.hasPrefix("graph LR\n"))
        }
    }
}
