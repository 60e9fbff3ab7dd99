// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

@Suite struct LoadTests {
    @Test("Names of networks and volumes come from the project's, unless they are given or external")
    func names() throws {
        let project = try project(
            """
            services:
              a: {image: x, networks: [front, ext, default], volumes: ['data:/d', 'named:/n', 'ext:/e']}
              b: {image: x}
            networks: {front: , ext: {external: true}, idle: }
            volumes: {data: , named: {name: real}, ext: {external: true, name: outside}, spare: }
            """)
        #expect(project.networks.map(\.name) == ["p_default", "p_front", "ext"])
        #expect(project.volumes.map(\.name) == ["p_data", "real", "outside"])
        #expect(project.unusedNetworks.map(\.key) == ["idle"])
        #expect(project.unusedVolumes.map(\.key) == ["spare"])
        #expect(project.services[1].networks == [NetworkAttachment(network: "default")])
    }

    struct NameRow: Sendable, CustomTestStringConvertible {
        var name: String
        var option: String?
        var variable: String?
        var field: String?
        var directory: String
        var result: String
        var testDescription: String { name }
    }

    @Test(
        "The project's name is that of the option, the variable, the file, the directory, in this order",
        arguments: [
            NameRow(name: "option", option: "o", variable: "v", field: "f", directory: "d", result: "o"),
            NameRow(name: "variable", variable: "v", field: "f", directory: "d", result: "v"),
            NameRow(name: "file", field: "My App!", directory: "d", result: "myapp"),
            NameRow(name: "directory", directory: "My.Dir_x-1", result: "mydir_x-1"),
            NameRow(name: "odd directory", directory: "__-Odd (1)", result: "odd1"),
        ])
    func projectName(row: NameRow) throws {
        let name = row.field.map { "name: \($0)\n" } ?? ""
        let fixture = try Fixture([
            "\(row.directory)/compose.yaml": name + "services: {a: {image: x, hostname: $COMPOSE_PROJECT_NAME}}"
        ])
        var request = fixture.request(environment: row.variable.map { ["COMPOSE_PROJECT_NAME": $0] } ?? [:])
        request.workingDirectory += "/" + row.directory
        request.projectName = row.option
        let project = try load(request)
        #expect(project.name == row.result)
        #expect(project.services[0].hostname == row.result)
    }

    @Test("Files are found in the directories above, with their override")
    func discovery() throws {
        let fixture = try Fixture([
            "compose.yaml": "services: {a: {image: x}}", "docker-compose.yml": "services: {a: {image: wrong}}",
            "compose.override.yml": "services: {a: {user: over}}", "sub/deep/.keep": "", ".env": "A=1",
        ])
        var request = fixture.request()
        request.workingDirectory += "/sub/deep"
        let project = try load(request)
        #expect(project.services[0].user == "over")
        #expect(project.services[0].image == "x")
        #expect(project.workingDirectory == fixture.directory)
        #expect(project.services[0].place("user").description == "../../compose.override.yml:1:22")
        #expect(project.environment["A"] == "1")
    }

    @Test("COMPOSE_FILE names files, the option beats it")
    func composeFile() throws {
        let fixture = try Fixture(["a.yaml": "services: {a: {image: a}}", "b.yaml": "services: {a: {user: b}}"])
        #expect(try load(fixture.request(environment: ["COMPOSE_FILE": "a.yaml:b.yaml"])).services[0].user == "b")
        #expect(try load(fixture.request(["a.yaml"], environment: ["COMPOSE_FILE": "b.yaml"])).services[0].user == nil)
    }

    @Test("Variables come from the process, then --env-file or .env")
    func environmentFiles() throws {
        let files = [".env": "A=dot\nB=dot\n", "x.env": "A=x\n", "y.env": "A=y$A\n"]
        let yaml = "services: {a: {image: x, command: ['$A', '${B:-none}']}}"
        #expect(try project(yaml, files: files).services[0].command == ["dot", "dot"])
        #expect(
            try project(yaml, files: files, environment: ["A": "process"]).services[0].command == ["process", "dot"])
        #expect(
            try project(yaml, files: files) { $0.envFiles = ["x.env", "y.env"] }.services[0].command == ["yx", "none"])
    }

    @Test("The container's environment: env_file by file, then environment, then the project's for keys alone")
    func environmentPrecedence() throws {
        let service = try web(
            "env_file: [one.env, {path: two.env}, {path: absent.env, required: false}]\nenvironment: {C: own, D: , E: , N: 1e3}",
            files: ["one.env": "A=1\nB=1\nC=1\nD=1\n", "two.env": "B=2\nX=${OUT}$A\n"],
            environment: ["E": "e", "OUT": "o"])
        #expect(
            service.environment.map { "\($0.name)=\($0.value ?? "-")" } == [
                "A=1", "B=2", "C=own", "D=-", "X=o1", "E=e", "N=1000",
            ])
        #expect(service.place("environment.B").line == 4)
        #expect(service.place("environment.C").line == 5)
    }

    @Test("Profiles: services without one are on, others when one of theirs is active")
    func profiles() throws {
        let yaml =
            "services:\n  a: {image: x}\n  b: {image: x, profiles: [dev]}\n  c: {image: x, profiles: [dev, test], depends_on: [b]}\n  d: {profiles: [later], networks: [ghost]}\n"
        #expect(try project(yaml).serviceNames == ["a"])
        #expect(try project(yaml).disabledServices.map(\.name) == ["b", "c", "d"])
        #expect(try project(yaml) { $0.profiles = ["dev"] }.serviceNames == ["a", "b", "c"])
        #expect(try project(yaml, environment: ["COMPOSE_PROFILES": "x, dev"]).serviceNames == ["a", "b", "c"])
        #expect(try project(yaml) { $0.services = ["c"] }.serviceNames == ["b", "c"])
        #expect(
            try project(yaml) {
                $0.profiles = ["dev"]
                $0.services = ["c"]
                $0.withoutDependencies = true
            }.serviceNames == ["c"])
        #expect(try project(yaml).profileNames == ["dev", "later", "test"])
        let inactive = try mistakes(yaml) { $0.profiles = ["test"] }
        #expect(inactive == ["compose.yaml:4:53 disabled-dependency"])
        let all = try mistakes(yaml) { $0.profiles = ["*"] }
        #expect(all == ["compose.yaml:5:3 no-image", "compose.yaml:5:37 undefined-network"])
    }

    @Test("Sharing a namespace implies a dependency")
    func impliedDependencies() throws {
        let project = try project(
            "services:\n  a: {image: x, network_mode: 'service:b', pid: 'service:c', depends_on: [c]}\n  b: {image: x}\n  c: {image: x}\n"
        )
        #expect(
            project.services[0].dependencies == [Dependency(service: "c"), Dependency(service: "b", restart: true)])
        #expect(project.services[0].networks.isEmpty)
    }

    @Test("Booleans take the words of YAML 1.1, from variables too")
    func booleans() throws {
        let service = try web(
            "tty: yes\ninit: 'off'\nread_only: $T\nprivileged: y\nattach: \"false\"\nstdin_open: no",
            environment: ["T": "true"])
        #expect(service.tty && service.readOnly && service.privileged && !service.stdinOpen)
        #expect(service.initProcess == false)
        #expect(service.attach == false)
    }

    struct CommandRow: Sendable, CustomTestStringConvertible {
        var line: String
        var words: [String]
        var testDescription: String { line }
    }

    @Test(
        "A command line is split as docker compose splits it",
        arguments: [
            CommandRow(line: "a  b\tc", words: ["a", "b", "c"]),
            CommandRow(line: "a '' \"\" b", words: ["a", "", "", "b"]),
            CommandRow(line: "pre\"mid dle\"post 'x'\"y\"z", words: ["premid dlepost", "xyz"]),
            CommandRow(line: #"a\b "c\d" e\\f 'i\j' t\ e"#, words: ["ab", "cd", "e\\f", "i\\j", "t e"]),
            CommandRow(line: "echo `date` $(id -u)", words: ["echo", "`date`", "$(id -u)"]),
            CommandRow(line: "cat f | wc", words: ["cat", "f"]), CommandRow(line: "cmd 2> /x y", words: ["cmd"]),
            CommandRow(line: "echo one; two", words: ["echo", "one"]),
            CommandRow(line: "sh -c \"a && b | c\"", words: ["sh", "-c", "a && b | c"]),
            CommandRow(line: "echo # x", words: ["echo", "#", "x"]), CommandRow(line: "", words: []),
        ])
    func commandLines(row: CommandRow) {
        #expect(commandWords(row.line) == row.words)
    }

    @Test("Paths are cleaned without a look at the file system")
    func paths() {
        #expect(["", "a/./b", "/a/../..", "../x/..", "a//b/"].map(Path.cleaned) == [".", "a/b", "/", "..", "a/b"])
        #expect(Path.relative("/a/c/f", to: "/a/b") == "../c/f")
        #expect(Path.directory(of: "/f") == "/")
    }
}
