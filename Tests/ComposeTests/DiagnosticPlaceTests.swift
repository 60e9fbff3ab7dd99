// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

@Suite struct DiagnosticPlaceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var yaml: String
        var mistakes: [String]
        var testDescription: String { name }

        init(_ name: String, _ yaml: String, _ mistakes: String...) {
            self.name = name
            self.yaml = yaml
            self.mistakes = mistakes.map { $0.first?.isNumber == true ? "compose.yaml:\($0)" : $0 }
        }

        /// The mistake is in the keys of the service `web`, which start at 4:5.
        static func web(_ name: String, _ keys: String, _ mistakes: String...) -> Row {
            var row = Row(name, "services:\n  web:\n    image: x\n    \(keys)\n")
            row.mistakes = mistakes.map { "compose.yaml:\($0)" }
            return row
        }
    }

    @Test(
        "Every mistake is reported at its place",
        arguments: [
            Row("empty file", "", "1:1 empty-file"), Row("empty mapping", "{}", "1:1 empty-file"),
            Row("list document", "- a", "1:1 wrong-type"), Row("null document", "---\n", "2:1 wrong-type"),
            Row("unknown top-level key", "services: {}\nservces: {}\n", "2:1 unknown-key"),
            Row("services null", "services:\n", "1:1 wrong-type"),
            Row("services list", "services: [a]\n", "1:11 wrong-type"),
            Row("service null", "services:\n  web:\n", "2:3 wrong-type"),
            Row("service string", "services: {web: nginx}", "1:17 wrong-type"),
            Row("bad service name", "services: {a b: {image: x}}", "1:12 bad-name"),
            Row("number as key", "services: {1: {image: x}}", "1:12 non-string-key"),
            Row("no image", "services:\n  web: {}\n", "2:3 no-image"),
            Row("number as name", "name: 42\nservices: {}", "1:7 wrong-type"),
            .web("unknown key", "imagee: y", "4:5 unknown-key"),
            .web("number for string", "hostname: 5", "4:15 wrong-type"),
            .web("number for boolean", "tty: 1", "4:10 wrong-type"),
            .web("bad boolean", "tty: maybe", "4:10 bad-value"),
            .web("duration number", "stop_grace_period: 10", "4:24 wrong-type"),
            .web("bad duration", "stop_grace_period: a while", "4:24 bad-duration"),
            .web("bad size", "shm_size: 5mm", "4:15 bad-size"),
            .web("restart false", "restart: false", "4:14 wrong-type"),
            .web("pull policy", "pull_policy: sometimes", "4:18 bad-value"),
            .web("null list", "ports:", "4:11 wrong-type"),
            .web("command with number", "command: [sleep, 5]", "4:22 wrong-type"),
            .web("open quote", "command: echo \"x", "4:14 bad-command"),
            .web("parentheses", "command: a(b)", "4:14 bad-command"),
            .web("environment string", "environment: A=1", "4:18 wrong-type"),
            .web("environment list", "environment: {A: [1]}", "4:22 wrong-type"),
            .web("infinity", "environment: {A: .inf}", "4:22 bad-value"),
            .web("trailing space", "environment: ['A =1']", "4:19 bad-value"),
            .web("depends on string", "depends_on: db", "4:17 wrong-type"),
            .web("no condition", "depends_on: {web2: {restart: true}}", "4:18 missing-key", "4:18 undefined-service"),
            .web(
                "bad condition", "depends_on: {w: {condition: service_happy}}", "4:18 undefined-service",
                "4:33 bad-value"),
            .web("twice", "depends_on: [a, a]", "4:18 undefined-service", "4:21 duplicate-item"),
            .web("health list", "healthcheck: {test: [curl]}", "4:25 bad-value"),
            .web("health key", "healthcheck: {tests: x}", "4:19 unknown-key"),
            .web("health interval", "healthcheck: {interval: \"30\"}", "4:29 bad-duration"),
            .web("scale", "scale: -1", "4:12 bad-value"),
            .web("scale and replicas", "scale: 2\n    deploy: {replicas: 3}", "4:12 conflict"),
            .web("replicas", "deploy: {replicas: -1}", "4:24 bad-value"),
            .web("deploy labels", "deploy: {label: {}}", "4:14 unknown-key"),
            .web("name of many", "container_name: one\n    scale: 2", "4:21 conflict"),
            .web("bad name", "container_name: '-'", "4:21 bad-value"),
            .web("cgroup", "cgroup: shared", "4:13 bad-value"),
            .web("ulimit", "ulimits: {nofile: many}", "4:23 bad-value"),
            .web("ulimit hard", "ulimits: {nofile: {soft: 1}}", "4:15 missing-key"),
            .web("host", "extra_hosts: [a]", "4:19 bad-value"),
            .web("mode of ghost", "network_mode: service:ghost", "4:19 undefined-service"),
            .web("modes", "network_mode: host\n    networks: [default]", "4:19 conflict"),
            .web("network", "networks: [ghost]", "4:16 undefined-network"),
            .web("network key", "networks: {default: {alias: [a]}}", "4:26 unknown-key"),
            .web("oom", "oom_score_adj: 2000", "4:20 bad-value"),
            .web("tmpfs twice", "tmpfs: ['/r', '/r:size=1m']", "4:19 conflict"),
            .web("tmpfs and volume", "tmpfs: /s\n    volumes: [/s]", "5:15 conflict"),
            .web("interpolation", "hostname: ${A!}", "4:15 interpolation"),
            .web("required", "hostname: ${A:?b}", "4:15 required-variable"),
            .web("env file", "env_file: nowhere.env", "4:15 missing-env-file"),
            .web("env file key", "env_file: [{path: a, optional: 1}]", "4:23 missing-env-file", "4:26 unknown-key"),
            .web("env file format", "env_file: [{path: a, required: no, format: toml}]", "4:48 bad-value"),
            Row("network key", "services: {}\nnetworks: {n: {drivr: x}}", "2:16 unknown-key"),
            Row("subnet", "services: {}\nnetworks: {n: {ipam: {config: [{subnet: 5}]}}}", "2:41 wrong-type"),
            Row("external volume", "services: {}\nvolumes: {v: {external: true, driver: local}}", "2:31 conflict"),
            Row(
                "two container names",
                "services:\n  a: {image: x, container_name: same}\n  b: {image: x, container_name: same}\n",
                "3:33 container-name-conflict"),
            Row("duplicate key", "services:\n  a: {image: x}\n  a: {image: y}\n", "3:3 duplicate-key"),
            Row(
                "several at once", "services:\n  a: {imag: x}\n  b: {image: 5}\n", "2:3 no-image", "2:7 unknown-key",
                "3:14 wrong-type"),
        ])
    func places(row: Row) throws {
        let found = try mistakes(row.yaml)
        #expect(found == row.mistakes)
    }

    @Test("Typos come with the right name, and references with the nearest one")
    func hints() throws {
        let yaml =
            "services:\n  web: {imagee: x, image: y, networks: [fron], depends_on: [databse], volumes: ['dat:/d']}\n  database: {image: z}\nnetworks: {front: }\nvolumes: {data: }\n"
        let error = try #require(throws: LoadError.self) { try project(yaml) }
        guard case .invalid(let diagnostics) = error else { return }
        #expect(
            diagnostics.items.map(\.hint) == [
                "did you mean 'image'?", "did you mean 'front'?", "did you mean 'database'?", "did you mean 'data'?",
            ])
    }

    @Test("A cycle is shown step by step, each with its place")
    func cycle() throws {
        let yaml = """
            services:
              alpha: {image: a, depends_on: [beta]}
              beta: {image: b, depends_on: {gamma: {condition: service_healthy}}}
              gamma: {image: c, network_mode: "service:alpha"}
              apart: {image: d, depends_on: [alpha]}
            """
        let error = try #require(throws: LoadError.self) { try project(yaml) }
        guard case .invalid(let diagnostics) = error else { return }
        #expect(diagnostics.items.map(\.message) == ["dependency cycle: alpha → beta → gamma → alpha"])
        #expect(diagnostics.items[0].place?.range.start.description == "compose.yaml:2:34")
        #expect(
            diagnostics.items[0].notes.map { $0.place?.range.start.description } == [
                "compose.yaml:3:33", "compose.yaml:4:35",
            ])
    }

    @Test("Long chains and wide ladders of dependencies take no time")
    func largeGraphs() throws {
        var yaml = "services:\n  s0: {image: x}\n"
        for index in 1..<400 {
            yaml +=
                "  s\(index): {image: x, depends_on: [\((max(0, index - 3)..<index).map { "s\($0)" }.joined(separator: ", "))]}\n"
        }
        #expect(try project(yaml).services.count == 400)
    }

    @Test("Nothing found, and bad options, are said without a place")
    func withoutPlace() throws {
        let empty = try Fixture([:])
        #expect(throws: LoadError.noConfigurationFile(searched: empty.directory)) { try load(empty.request()) }
        #expect(LoadError.noConfigurationFile(searched: "/").description == "no configuration file provided: not found")
        #expect(try mistakes("services: {}") { $0.projectName = "Bad Name" } == ["project-name"])
        #expect(try mistakes("services: {}") { $0.files = ["absent.yaml"] } == ["missing-file"])
        #expect(try mistakes("services: {}") { $0.envFiles = ["absent.env"] } == ["missing-env-file"])
        #expect(try mistakes("services: {}") { $0.services = ["ghost"] } == ["no-such-service"])
    }

    @Test("Warnings name unset variables once, and the obsolete version")
    func warnings() throws {
        let fixture = try Fixture([
            "compose.yaml":
                "version: '3'\nservices: {a: {image: x, hostname: \"a$NO${NO}\", user: $NO, command: a | b}}"
        ])
        var warnings: [String] = []
        _ = try load(
            fixture.request(),
            warn: { warnings.append("\($0.place?.range.start.description ?? "") \($0.message.prefix(40))") })
        #expect(
            warnings == [
                "compose.yaml:1:10 the attribute `version` is obsolete, it ",
                "compose.yaml:2:36 The \"NO\" variable is not set. Defaulting",
                "compose.yaml:2:69 services.a.command: what follows '|' is ",
            ])
    }

    @Test("For programs a diagnostic is an object with its code and its places")
    func document() throws {
        let error = try #require(throws: LoadError.self) {
            try project("services: {a: {image: x}}\nx-x: {}\nservices: {}\n")
        }
        guard case .invalid(let diagnostics) = error else { return }
        #expect(
            diagnostics.items.map { $0.document.json(indent: false) } == [
                #"{"severity":"error","code":"duplicate-key","message":"the key 'services' stands twice in this mapping","place":{"file":"compose.yaml","line":3,"column":1,"endLine":3,"endColumn":9},"related":[{"message":"it is first given here","place":{"file":"compose.yaml","line":1,"column":1,"endLine":1,"endColumn":9}}]}"#
            ])
    }

    struct HintRow: Sendable, CustomTestStringConvertible {
        var yaml: String
        var hint: String
        var testDescription: String { yaml }
    }

    @Test(
        "A key in the wrong place is told the right one",
        arguments: [
            HintRow(
                yaml: "image: x\nservices: {}", hint: "'image' is a key of a service: put it below one of services"),
            HintRow(yaml: "services: {a: {image: x, replicas: 2}}", hint: "'replicas' belongs into deploy"),
            HintRow(yaml: "services: {a: {image: x, dockerfile: D}}", hint: "'dockerfile' belongs into build"),
            HintRow(yaml: "services: {a: {image: x, retries: 2}}", hint: "'retries' belongs into healthcheck"),
            HintRow(
                yaml: "services:\n  a: {image: x}\n  ports: [80]",
                hint: "if 'ports' belongs to the service above, indent it further"),
            HintRow(yaml: "include: ['https://x/y.git']", hint: "fetch it first, and name the file"),
            HintRow(yaml: "services: {a: {image: x, portss: []}}", hint: "did you mean 'ports'?"),
        ])
    func misplaced(row: HintRow) throws {
        let error = try #require(throws: LoadError.self) { try project(row.yaml) }
        guard case .invalid(let diagnostics) = error else { return }
        #expect(diagnostics.items.first?.hint == row.hint)
    }
}
