// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

@Suite struct MergeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var base: String
        var over: String
        var merged: String
        var testDescription: String { name }
    }

    @Test(
        "A later file goes over an earlier one by the rules of the specification",
        arguments: [
            Row(name: "scalars", base: "user: a", over: "user: b", merged: "user: b"),
            Row(name: "null keeps", base: "user: a", over: "user:", merged: "user: a"),
            Row(name: "command", base: "command: [a, b]", over: "command: c", merged: "command: [c]"),
            Row(name: "command null", base: "command: [a]", over: "command:", merged: "command:"),
            Row(
                name: "environment", base: "environment: [A=1, B=1]", over: "environment: {B: 2, C: 3}",
                merged: "environment: {A: '1', B: '2', C: '3'}"),
            Row(
                name: "environment null", base: "environment: {A: 1}", over: "environment: [A]",
                merged: "environment: [A]"),
            Row(name: "labels", base: "labels: {a: 1}", over: "labels: [b=2, a=3]", merged: "labels: {a: '3', b: '2'}"),
            Row(
                name: "ports", base: "ports: ['80:80', '81:81']", over: "ports: ['81:81', '80:8080']",
                merged: "ports: ['80:80', '81:81', '80:8080']"),
            Row(
                name: "volumes", base: "volumes: ['/a:/x', '/b:/y']", over: "volumes: ['/c:/x']",
                merged: "volumes: ['/c:/x', '/b:/y']"),
            Row(
                name: "depends_on", base: "depends_on: [db]", over: "depends_on: {db: {condition: service_healthy}}",
                merged: "depends_on: {db: {condition: service_healthy}}"),
            Row(
                name: "what is there already", base: "group_add: [1000, 1]", over: "group_add: [2, 1000, 2]",
                merged: "group_add: [1000, 1, 2]"),
            Row(
                name: "mappings that are there already", base: "pre_stop: [{command: a, user: u}]",
                over: "pre_stop: [{user: u, command: a}, {command: b}]",
                merged: "pre_stop: [{command: a, user: u}, {command: b}]"),
            Row(
                name: "extension fields", base: "x-a: [1, b, {c: 1}, b]", over: "x-a: ['1', {c: 1}, 1, d, d]",
                merged: "x-a: [1, b, {c: 1}, b, '1', d]"),
            Row(name: "dns", base: "dns: 1.1.1.1", over: "dns: [2.2.2.2, 1.1.1.1]", merged: "dns: [1.1.1.1, 2.2.2.2]"),
            Row(name: "tmpfs", base: "tmpfs: /a", over: "tmpfs: [/b, /a]", merged: "tmpfs: [/a, /b]"),
            Row(
                name: "extra_hosts", base: "extra_hosts: ['h=1.1.1.1']", over: "extra_hosts: {h: 3.3.3.3}",
                merged: "extra_hosts: ['h=1.1.1.1', 'h=3.3.3.3']"),
            Row(
                name: "ulimits", base: "ulimits: {n: {soft: 1, hard: 2}, m: 1}",
                over: "ulimits: {n: 5, m: {soft: 3, hard: 4}}", merged: "ulimits: {n: 5, m: {soft: 3, hard: 4}}"),
            Row(
                name: "healthcheck", base: "healthcheck: {test: [CMD, a, b], interval: 5s}",
                over: "healthcheck: {test: c, timeout: 1s}", merged: "healthcheck: {test: c, interval: 5s, timeout: 1s}"
            ),
            Row(
                name: "networks", base: "networks: [default]", over: "networks: {default: {aliases: [y]}}",
                merged: "networks: {default: {aliases: [y]}}"),
            Row(
                name: "build", base: "build: /c", over: "build: {args: {A: 1}, labels: [a=b]}",
                merged: "build: {context: /c, args: {A: 1}, labels: {a: b}}"),
            Row(
                name: "build lists", base: "build: {tags: [a], args: [A=1, B=1], extra_hosts: [h=1.1.1.1]}",
                over: "build: {tags: [b, a], args: {B: 2}, extra_hosts: {i: 2.2.2.2}}",
                merged: "build: {tags: [a, b], args: {A: 1, B: 2}, extra_hosts: [h=1.1.1.1, i=2.2.2.2]}"),
            Row(
                name: "logging", base: "logging: {driver: d, options: {a: 1}}", over: "logging: {options: {b: 2}}",
                merged: "logging: {driver: d, options: {a: 1, b: 2}}"),
            Row(
                name: "another logging", base: "logging: {driver: d, options: {a: 1}}",
                over: "logging: {driver: e, options: {b: 2}}", merged: "logging: {driver: e, options: {b: 2}}"),
            Row(
                name: "devices", base: "devices: ['/dev/a:/dev/x', /dev/b]", over: "devices: ['/dev/c:/dev/x']",
                merged: "devices: ['/dev/c:/dev/x', /dev/b]"),
            Row(
                name: "deploy", base: "deploy: {labels: [a=1], resources: {limits: {cpus: '1', memory: 1g}}}",
                over: "deploy: {labels: {b: 2}, resources: {limits: {memory: 2g}}}",
                merged: "deploy: {labels: {a: 1, b: 2}, resources: {limits: {cpus: '1', memory: 2g}}}"),
            Row(
                name: "hooks", base: "post_start: [{command: a}]", over: "post_start: [{command: b}]",
                merged: "post_start: [{command: a}, {command: b}]"),
            Row(
                name: "reset nested", base: "deploy: {resources: {limits: {cpus: '1', memory: 1g}}}",
                over: "deploy: {resources: {limits: {cpus: !reset null}}}",
                merged: "deploy: {resources: {limits: {memory: 1g}}}"),
            Row(
                name: "build ssh and ulimits", base: "build: {ssh: [default], ulimits: {n: 1}}",
                over: "build: {ssh: {k: /k}, ulimits: {n: {soft: 1, hard: 2}}}",
                merged: "build: {ssh: [default, k=/k], ulimits: {n: {soft: 1, hard: 2}}}"),
            Row(
                name: "gpus", base: "gpus: all", over: "gpus: [{driver: d}]",
                merged: "gpus: [{count: all}, {driver: d}]"),
            Row(
                name: "ports of one publication", base: "ports: [{target: 80, published: '80', name: a}]",
                over: "ports: ['80:80/tcp']", merged: "ports: ['80:80']"),
            Row(name: "extensions", base: "x-a: 1", over: "x-a: {b: c}", merged: "x-a: {b: c}"),
            Row(name: "reset of an item", base: "labels: [a=1]", over: "labels: [!reset a=1]", merged: "labels: [a=1]"),
            Row(name: "reset scalar", base: "user: a", over: "user: !reset b", merged: ""),
            Row(name: "reset list", base: "ports: ['80:80']", over: "ports: !reset []", merged: ""),
            Row(
                name: "reset entry", base: "environment: {A: 1, B: 2}", over: "environment: {A: !reset null}",
                merged: "environment: {B: '2'}"),
            Row(
                name: "override", base: "ports: ['80:80']", over: "ports: !override ['81:81']",
                merged: "ports: ['81:81']"),
            Row(
                name: "override mapping", base: "labels: {a: 1}", over: "labels: !override {b: 2}",
                merged: "labels: {b: '2'}"),
        ])
    func merging(row: Row) throws {
        func yaml(_ keys: String, image: Bool) -> String {
            "services:\n  web:\n    x-k: 1\n\(image ? "    image: x\n" : "")    \(keys)\n  db: {image: d}\n"
        }
        let fixture = try Fixture([
            "a.yaml": yaml(row.base, image: true), "b.yaml": yaml(row.over, image: false),
            "c.yaml": yaml(row.merged, image: true),
        ])
        let merged = try load(fixture.request(["a.yaml", "b.yaml"]))
        let expected = try load(fixture.request(["c.yaml"]))
        #expect(merged.service("web")?.document == expected.service("web")?.document)
    }

    @Test("Values of several files keep the file they come from")
    func places() throws {
        let fixture = try Fixture([
            "a.yaml": "services:\n  web:\n    image: x\n",
            "b.yaml": "services:\n  web:\n    user: 5\n    ports: [80]\n",
        ])
        let error = try #require(throws: LoadError.self) { try load(fixture.request(["a.yaml", "b.yaml"])) }
        guard case .invalid(let diagnostics) = error else { return }
        #expect(diagnostics.items.map { $0.place?.range.start.description } == ["b.yaml:3:11"])
    }

    @Test("Several documents of a file merge as several files do")
    func documents() throws {
        let project = try project(
            "services: {a: {image: x, environment: {A: 1}}}\n---\nservices: {a: {environment: {B: 2}}, b: {image: y}}\n"
        )
        #expect(project.serviceNames == ["a", "b"])
        #expect(project.services[0].environment.map(\.name) == ["A", "B"])
    }

    @Test("Values of different kinds do not merge")
    func conflict() throws {
        #expect(
            try mistakes("services: {a: {image: x, ports: [80]}}\n---\nservices: {a: {ports: {b: 1}}}\n") == [
                "compose.yaml:3:23 merge-conflict"
            ])
    }
}
