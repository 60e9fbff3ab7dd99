// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

@Suite struct ExtendsTests {
    @Test("A service is merged over what it extends, step by step")
    func chain() throws {
        let project = try project(
            """
            services:
              a: {image: a, command: run, environment: {K: a, A: 1}, ports: ['80:80'], profiles: [never]}
              b: {extends: a, environment: {K: b}, ports: ['81:81']}
              c: {extends: {service: b}, environment: {K: c}, ports: !override ['82:82'], command: !reset null, profiles: !reset []}
            """)
        let service = try #require(project.services.first)
        #expect(project.services.count == 1)
        #expect(service.image == "a" && service.command == nil)
        #expect(service.environment.map { "\($0.name)=\($0.value ?? "")" } == ["K=c", "A=1"])
        #expect(service.ports.map(\.target) == [82])
    }

    @Test("A service of another file keeps the paths of its file and takes the project's variables")
    func otherFile() throws {
        let project = try project(
            "services: {web: {extends: {file: one/a.yaml, service: mid}}}",
            files: [
                ".env": "TAG=t\n",
                "one/a.yaml": "services: {mid: {extends: {file: two/b.yaml, service: low}, environment: {M: 1}}}",
                "one/two/b.yaml":
                    "services:\n  low: {extends: bottom, volumes: ['./low:/low'], env_file: e.env}\n  bottom: {image: 'b:$TAG', build: {target: x}}",
                "one/two/e.env": "E=1\n",
            ])
        let service = project.services[0]
        #expect(service.image == "b:t")
        #expect(service.environment.map(\.name) == ["E", "M"])
        guard case .bind(let mount)? = service.mounts.first else { return }
        #expect(mount.source == "\(project.workingDirectory)/one/two/low")
        // The default context is the project's own, as with docker compose.
        #expect(service.build?.context == project.workingDirectory)
        #expect(service.place("volumes[0]").description == "one/two/b.yaml:2:36")
    }

    @Test("What an overriding file resets, it resets in the extending service of the first file too")
    func resetAcrossFiles() throws {
        let fixture = try Fixture([
            "a.yaml": "services: {web: {image: x, ports: ['80:80']}}",
            "b.yaml": "services: {base: {image: y, user: u}, web: {extends: base, ports: !reset []}}",
        ])
        let web = try load(fixture.request(["a.yaml", "b.yaml"])).service("web")
        #expect(web?.ports.isEmpty == true && web?.user == "u" && web?.image == "y")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var yaml: String
        var mistakes: [String]
        var testDescription: String { yaml }

        init(_ yaml: String, _ mistakes: String...) {
            self.yaml = yaml
            self.mistakes = mistakes
        }
    }

    @Test(
        "What is wrong with extends is said where it stands, and only that",
        arguments: [
            Row("services: {web: {extends: ghost}}", "compose.yaml:1:27 undefined-service"),
            Row("services: {web: {extends: {file: base.yaml, service: ghost}}}", "compose.yaml:1:54 undefined-service"),
            Row("services: {web: {extends: {file: absent.yaml, service: a}}}", "compose.yaml:1:34 missing-file"),
            Row("services: {web: {extends: {file: base.yaml}}}", "compose.yaml:1:18 missing-key"),
            Row("services: {web: {extends: [a]}}", "compose.yaml:1:27 wrong-type"),
            Row("services: {web: {extends: web}}", "compose.yaml:1:27 extends-cycle"),
            Row("services: {a: {extends: b}, b: {extends: c}, c: {extends: a}}", "compose.yaml:1:59 extends-cycle"),
            Row("services: {web: {extends: {file: base.yaml, service: app}}}", "base.yaml:1:30 unknown-key"),
        ])
    func refusing(row: Row) throws {
        #expect(try mistakes(row.yaml, files: ["base.yaml": "services: {app: {image: app, imag: x}}"]) == row.mistakes)
    }

    @Test("Long chains and wide fans of services take no time, and too long ones are refused")
    func many() throws {
        // The last first, so that the whole chain is walked at once.
        func chain(_ count: Int) -> String {
            "services:\n" + (1..<count).reversed().map { "  s\($0): {extends: s\($0 - 1)}\n" }.joined()
                + "  s0: {image: x}\n"
        }
        #expect(try project(chain(150)).services.count == 150)
        #expect(try mistakes(chain(1000)).contains { $0.hasSuffix("extends-depth") })
        let fan =
            "services:\n  base: {image: x, environment: {A: 1}}\n"
            + (0..<1000).map { "  s\($0): {extends: base}\n" }.joined()
        #expect(try project(fan).services.count == 1001)
    }
}
