// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Memory and bounded time of `config`, for what is large and for what is meant to hurt. The kernel holds it to them: memory
/// beyond the bound cannot be had, and a run that does not end is ended. How fast it is stands in the benchmarks.
@Suite(.serialized, .enabled(if: Binary.exists, "no binary"))
struct LimitTests {
    private func config(
        _ yaml: String, _ files: [String: String] = [:], length: Int? = nil, megabytes: Int
    ) throws -> Binary.Run {
        let scratch = try Scratch()
        try scratch.write(yaml, to: "compose.yaml")
        if let length { truncate("\(scratch.directory)/compose.yaml", length) }
        for (name, text) in files { try scratch.write(text, to: name) }
        let bounded = "ulimit -d \(megabytes << 10); exec timeout 20 \"$0\" -p p config -q"
        return try Binary.run(["/bin/sh", "-c", bounded, Binary.path], in: scratch.directory)
    }

    private func services(_ count: Int) -> String {
        var yaml = "volumes: {data: {}}\nservices:\n"
        for index in 0..<count {
            yaml += """
                  s\(index):
                    image: registry.example.com/team/app:1.\(index)
                    command: ["serve", "--port", "\(8000 + index)"]
                    environment: {DB_URL: "postgres://db\(index)/x", MODE: "${MODE:-prod}", A: "1"}
                    ports: ["\(10000 + index):80"]
                    volumes: ["data:/data", "./conf/\(index):/etc/app:ro"]
                    labels: {a.b: "\(index)", c.d: x}
                    healthcheck: {test: ["CMD", "true"], interval: 5s, retries: 3}
                    deploy: {resources: {limits: {memory: 64m, cpus: "0.5"}}}
                    depends_on: [\(index > 0 ? "s\(index - 1)" : "")]

                """
        }
        return yaml
    }

    @Test func `500 services take no more than 40 MB`() throws {
        let run = try config(services(500), megabytes: 40)
        #expect(run.status == 0, "\(run.output)")
    }

    @Test func `5,000 services with a chain of dependencies are read`() throws {
        let run = try config(services(5000), megabytes: 400)
        #expect(run.status == 0, "\(run.output)")
    }

    struct Attack: Sendable, CustomTestStringConvertible {
        var name: String
        var yaml: @Sendable () -> String
        var files: [String: String] = [:]
        /// Bytes that the file is stretched to.
        var length: Int?
        var says: String
        var testDescription: String { name }
    }

    @Test(
        "What is meant to hurt gets an error in bounded time and 200 MB",
        arguments: [
            Attack(
                name: "alias bomb",
                yaml: {
                    (1..<12).reduce("x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n") {
                        $0 + "x\($1): &x\($1) [\(Array(repeating: "*x\($1 - 1)", count: 10).joined(separator: ", "))]\n"
                    }
                }, says: "compose.yaml:6:"),
            Attack(
                name: "tower of brackets", yaml: { "x: " + String(repeating: "[", count: 1_000_000) }, says: "nested"),
            Attack(name: "100 MB scalar", yaml: { "x: \"" }, length: 100 << 20, says: "larger than"),
            Attack(name: "include cycle", yaml: { "include: [compose.yaml]" }, says: "include cycle: compose.yaml → "),
            Attack(
                name: "extends cycle", yaml: { "services: {a: {extends: b}, b: {extends: a}}" },
                says: "extends cycle: a → b → a"),
            Attack(
                name: "self-expanding variable", yaml: { "services: {a: {image: $A}}" },
                files: [".env": "A=aaaaaaaa\n" + String(repeating: "A=$A$A\n", count: 64)], says: "too long"),
            Attack(
                name: "services that copy a large one",
                yaml: {
                    "services:\n  base: {image: x, expose: [\((0..<20_000).map(String.init).joined(separator: ","))]}\n"
                        + (0..<5000).map { "  s\($0): {extends: base}\n" }.joined()
                }, says: "copy more than"),
            Attack(
                name: "mistakes without end",
                yaml: { "services:\n" + (0..<9000).map { "  s\($0): {imag: x, image: 5}\n" }.joined() },
                says: "did you mean"),
        ])
    func attacks(attack: Attack) throws {
        let run = try config(attack.yaml(), attack.files, length: attack.length, megabytes: 200)
        #expect(run.status == 1 && run.output.contains(attack.says), "\(run.output.prefix(500))")
    }
}
