// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import SplitMix
import Testing

@testable import Compose

/// Properties that hold whatever the file says.
@Suite struct RandomTests {
    private static let seed = """
        services:
          web: &w
            image: "x:${TAG:-1}"
            command: ["a", "b c"]
            environment: {A: 1, B: "$$x"}
            ports: ["8080-8081:80-81", {target: 82, published: "8082"}]
            volumes: ["v:/v:ro", {type: tmpfs, target: /t, tmpfs: {size: 1m}}]
            deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 64m}}}
            healthcheck: {test: [CMD, a], interval: 1m30s}
            ulimits: {nofile: {soft: 1, hard: 2}}
            depends_on: {db: {condition: service_healthy}}
          db: {<<: *w, depends_on: [], extends: {service: base}}
          base: {image: y, labels: [a=b], build: {context: ., args: [A=1]}}
        volumes: {v: {}}
        """

    private static let insertions = [
        "-1", "99999999999999999999", "1e999", ".nan", "${A", "$", "!reset ", "!override ", "&a ", "*w", "<<", "null",
        "[]", "{}", "\"\"", ":", "\u{0}", "\u{1F600}", "extends", "0-0", "65535-65535", "~", "- ", "? ", "|", "\n",
    ]

    @Test("Whatever is done to a file, it loads or it is refused with places")
    func mutations() throws {
        var random = SplitMix(state: 2)
        let fixture = try Fixture([:])
        let original = Array(Self.seed)
        for round in 0..<400 {
            var text = original
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let place = Int.random(in: 0...text.count, using: &random)
                if Bool.random(using: &random) {
                    text.insert(contentsOf: Self.insertions.randomElement(using: &random) ?? "", at: place)
                } else {
                    text.removeSubrange(place..<min(text.count, place + Int.random(in: 1...9, using: &random)))
                }
            }
            let name = "\(round).yaml"
            try fixture.write(String(text), to: name)
            do throws(LoadError) {
                let project = try load(fixture.request([name]))
                #expect(!renderYAML(project).isEmpty)
            } catch {
                guard case .invalid(let diagnostics) = error else { continue }
                for item in diagnostics.items where !["project-name", "bad-file", "empty-file"].contains(item.code) {
                    #expect(item.place != nil, "\(item)")
                }
            }
        }
    }

    @Test("Any text survives the way through the rendered YAML")
    func texts() throws {
        var random = SplitMix(state: 3)
        let characters = Array(
            " \n\t:#-?!&*[]{},|>'\"%@`\\$~=<yNonull01.e+\u{85}\u{A0}\u{2028}\u{FEFF}é☃\u{1F433}\u{7}\u{7F}")
        let fixture = try Fixture([:])
        for round in 0..<40 {
            var project = Project(name: "p", workingDirectory: fixture.directory)
            var service = Service(
                name: "web", image: "x", location: SourceLocation(file: "f", line: 1, column: 1))
            for index in 0..<40 {
                let length = Int.random(in: 0...12, using: &random)
                let text = String((0..<length).compactMap { _ in characters.randomElement(using: &random) })
                service.environment.append(EnvironmentVariable(name: "V\(index)", value: text))
            }
            project.services = [service]
            try fixture.write(renderYAML(project), to: "\(round).yaml")
            let loaded = try load(fixture.request(["\(round).yaml"]))
            #expect(loaded.services.first?.environment == service.environment)
        }
    }
}
