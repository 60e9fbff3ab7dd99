// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Compose

/// What `config` can leave out.
@Suite struct LoadStepsTests {
    private let yaml = """
        services:
          web:
            build: ./x
            pull_policy: if_not_present
            env_file: a.env
            links: [db]
            volumes: ['./d:/d']
          db: {image: d}
        volumes: {v: {}}
        """

    private func service(without step: LoadSteps) throws -> String {
        let project = try project(yaml, files: ["a.env": "A=1\n"]) { $0.steps.remove(step) }
        let directory = project.workingDirectory
        return project.services[0].document.json(indent: false, sortedKeys: true).replacing(directory, with: "DIR")
    }

    @Test("Without normalization nothing that is implied is filled in")
    func normalization() throws {
        #expect(
            try service(without: .normalization)
                == #"{"build":{"context":"DIR/x"},"command":null,"entrypoint":null,"environment":{"A":"1"},"links":["db"],"pull_policy":"if_not_present","volumes":[{"bind":{},"source":"DIR/d","target":"/d","type":"bind"}]}"#
        )
    }

    @Test("Without path resolution paths stay as they are, but files are found")
    func pathResolution() throws {
        #expect(
            try service(without: .pathResolution)
                == #"{"build":{"context":"./x","dockerfile":"Dockerfile"},"command":null,"depends_on":{"db":{"condition":"service_started","required":true,"restart":true}},"entrypoint":null,"environment":{"A":"1"},"links":["db"],"networks":{"default":null},"pull_policy":"missing","volumes":[{"bind":{},"source":"./d","target":"/d","type":"bind"}]}"#
        )
    }

    @Test("Without the resolution of environments, env files are named and not read")
    func environmentResolution() throws {
        let project = try project(
            "services: {web: {image: x, env_file: [{path: absent, format: raw}], environment: {B: b}}}"
        ) {
            $0.steps.remove(.environmentResolution)
        }
        #expect(project.services[0].environment.map(\.name) == ["B"])
        #expect(
            project.services[0].environmentFiles == [
                EnvironmentFile(path: "\(project.workingDirectory)/absent", isRaw: true)
            ])
    }

    @Test("Without consistency nothing needs to exist")
    func consistency() throws {
        let project = try project("services: {web: {depends_on: [ghost], networks: [none], volumes: ['v:/v']}}") {
            $0.steps.remove(.consistency)
        }
        #expect(project.services[0].dependencies.map(\.service) == ["ghost"])
    }

    @Test("Without interpolation short forms are written out as far as that goes")
    func interpolation() throws {
        let fixture = try Fixture([
            "compose.yaml": """
            services:
              web: {build: ., ports: ['${P}:80', '8080:81'], volumes: ['${D}:/d', './x:/x:ro'], depends_on: [db], environment: {A: $$x}}
              db: {image: $I, networks: [n], secrets: [s]}
            networks: {n: {}}
            secrets: {s: {file: ./s}}
            """
        ])
        let document = try loadUninterpolated(fixture.request()).json(indent: false, sortedKeys: true)
        #expect(
            document.replacing(fixture.directory, with: "DIR")
                == #"{"name":"p","networks":{"default":{"name":"p_default"},"n":{"name":"p_n"}},"secrets":{"s":{"file":"DIR/s","name":"p_s"}},"services":{"db":{"image":"$I","networks":{"n":null},"secrets":[{"source":"s","target":"/run/secrets/s"}]},"web":{"build":{"context":"DIR","dockerfile":"Dockerfile"},"depends_on":{"db":{"condition":"service_started","required":true}},"environment":{"A":"$$x"},"networks":{"default":null},"ports":["${P}:80","8080:81"],"volumes":[{"source":"${D}","target":"/d","type":"volume","volume":{}},{"bind":{"create_host_path":true},"read_only":true,"source":"DIR/x","target":"/x","type":"bind"}]}}}"#
        )
    }

    @Test(
        "With variables left in, short forms are written out and what is implied is filled in",
        arguments: [
            (
                "volumes: ['./${A}:/b/:ro,z']", "volumes",
                #"[{"bind":{"create_host_path":true,"selinux":"z"},"read_only":true,"source":"DIR/${A}","target":"/b","type":"bind"}]"#
            ),
            (
                "volumes: [{type: bind, source: ./a, target: /b, bind: {}}]", "volumes",
                #"[{"bind":{"create_host_path":true},"source":"DIR/a","target":"/b","type":"bind"}]"#
            ),
            (
                "depends_on: {db: {condition: service_healthy}}", "depends_on",
                #"{"db":{"condition":"service_healthy","required":true}}"#
            ),
            (
                "links: ['db:d']", "depends_on",
                #"{"db":{"condition":"service_started","required":true,"restart":true}}"#
            ),
            ("env_file: ${A}.env", "env_file", #"[{"path":"DIR/${A}.env","required":true}]"#),
            ("secrets: [s]", "secrets", #"[{"source":"s","target":"/run/secrets/s"}]"#),
            ("ports: ['80', '${P}:80']", "ports", #"["80","${P}:80"]"#),
            ("ports: [{target: 80}]", "ports", #"[{"mode":"ingress","protocol":"tcp","target":80}]"#),
            ("environment: ['A=1', 'B=${C}', 'A=2']", "environment", #"["A=2","B=${C}"]"#),
            ("devices: ['/dev/a:/dev/b']", "devices", #"[{"permissions":"rwm","source":"/dev/a","target":"/dev/b"}]"#),
            ("networks: {}", "networks", #"{"default":null}"#),
        ])
    func shortForms(keys: String, key: String, rendered: String) throws {
        let fixture = try Fixture(["compose.yaml": "services:\n  web:\n    image: x\n    \(keys)\n  db: {image: y}\n"])
        let service = try loadUninterpolated(fixture.request())["services"]?["web"]
        let json = service?[key]?.json(indent: false, sortedKeys: true)
        #expect(json == rendered.replacing("DIR", with: fixture.directory))
    }

    @Test("Services can be picked without interpolation, too")
    func picking() throws {
        let fixture = try Fixture(["compose.yaml": "services: {a: {image: $A}, b: {image: $B}}"])
        #expect(try loadUninterpolated(fixture.request { $0.services = ["b"] })["services"]?.names == ["b"])
        #expect(throws: LoadError.self) { try loadUninterpolated(fixture.request { $0.services = ["c"] }) }
    }

    @Test("The variables of the files are listed once, with what stands for them")
    func variables() throws {
        let fixture = try Fixture([
            "compose.yaml": "services: {web: {image: '$A${B:-b$C}', user: '${D:?x}', hostname: '${E+e}$A$$F'}}"
        ])
        let variables = try loadVariables(fixture.request())
        #expect(variables.map(\.name) == ["A", "B", "C", "D", "E"])
        #expect(variables[1].defaultValue == "b$C" && variables[3].isRequired && variables[4].presenceValue == "e")
    }

    @Test("All that is declared can be shown")
    func allResources() throws {
        let project = try project(yaml, files: ["a.env": ""])
        #expect(project.volumes.isEmpty)
        #expect(project.withAllResources().volumes.map(\.key) == ["v"])
        #expect(project.images == ["p-web", "d"])
    }

    @Test("It can be told where each value was set, and what it overrides")
    func explaining() throws {
        let fixture = try Fixture([
            "a.yaml": "include: [i.yaml]\nservices:\n  web:\n    user: a\n    environment: {A: 1}\n    command: [x]\n",
            "b.yaml": "services:\n  web: {user: b, environment: [A=2], command: [y, z]}\n",
            "i.yaml": "services: {web: {image: x, user: i}}\n",
        ])
        func text(_ paths: String...) throws -> String {
            try explain(fixture.request(["a.yaml", "b.yaml"]), at: paths).map(\.text).joined()
        }
        #expect(
            try text("services.web.user", "services.web.environment")
                == """
                services.web.user = b
                  b.yaml:2:15
                  overrides a.yaml:4:11: a
                  overrides i.yaml:1:34: i
                services.web.environment.A = 2
                  b.yaml:2:32
                  overrides a.yaml:5:22: 1

                """)
        #expect(try text("services.web.image") == "services.web.image = x\n  i.yaml:1:25\n")
        #expect(try text("services.web.command[1]").hasPrefix("services.web.command[1] = z\n"))
        #expect(try text("services.we").isEmpty)
    }
}
