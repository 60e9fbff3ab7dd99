// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Compose

@Suite struct FileObjectTests {
    private static let top =
        "configs: {c: {content: x}, d: {content: y}}\nsecrets: {s: {environment: E}, t: {environment: E}}"

    @Test(
        "Configs and secrets of a service are read in both forms",
        arguments: [
            KeyRow("configs: [c]", #"[{"source":"c"}]"#, top: top),
            KeyRow("secrets: [s]", #"[{"source":"s","target":"/run/secrets/s"}]"#, top: top),
            KeyRow(
                "configs: [{source: c, target: /a, uid: '1', gid: '2', mode: 0440}]",
                #"[{"gid":"2","mode":"0440","source":"c","target":"/a","uid":"1"}]"#, top: top),
            KeyRow("configs: [{source: c, mode: '0444'}]", #"[{"mode":"0444","source":"c"}]"#, top: top),
            KeyRow("configs: [{source: c, mode: 444}]", #"[{"mode":"0674","source":"c"}]"#, top: top),
            KeyRow("configs: [c, {source: d, target: /c}]", #"[{"source":"d","target":"/c"}]"#, top: top),
            KeyRow(
                "secrets: [s, {source: t, target: /run/secrets/s}]", #"[{"source":"t","target":"/run/secrets/s"}]"#,
                top: top),
        ])
    func reading(row: KeyRow) throws { try row.check() }

    @Test(
        "Mistakes are found at their place",
        arguments: [
            MistakeRow("configs: [ghost]", "4:15 undefined-config"),
            MistakeRow("secrets: [{source: ghost}]", "4:24 undefined-secret"),
            MistakeRow("secrets: [{source: a, path: b}]", "4:24 undefined-secret", "4:27 unknown-key"),
            MistakeRow("configs: [{source: a, mode: rw}]", "4:24 undefined-config", "4:33 bad-value"),
            MistakeRow("configs: [{target: /a}]", "4:15 missing-key"),
            MistakeRow("tty: true\nconfigs: {c: {file: a, content: b}}", "5:11 conflict"),
            MistakeRow("tty: true\nsecrets: {c: {name: a}}", "5:11 missing-key"),
            MistakeRow("tty: true\nsecrets: {c: {content: a}}", "5:11 missing-key", "5:15 unknown-key"),
        ])
    func refusing(row: MistakeRow) throws { try row.check() }

    @Test("What the project holds comes from a file, a variable, the file itself, or elsewhere")
    func contents() throws {
        let project = try project(
            """
            services: {web: {image: x, configs: [a, b, c, d], secrets: [e]}}
            configs: {a: {file: ./a}, b: {environment: B}, c: {content: "$$x"}, d: {external: true}, unused: {content: u}}
            secrets: {e: {environment: UNSET, labels: [k=v], driver: d, driver_opts: {o: 1}}}
            """, environment: ["B": "value"])
        #expect(project.config("a")?.content == .file("\(project.workingDirectory)/a"))
        #expect(project.config("b")?.content == .environment("B", value: "value"))
        #expect(project.config("c")?.content == .inline("$x"))
        #expect(project.config("d")?.content == .elsewhere)
        #expect(project.config("d")?.name == "d")
        #expect(project.secret("e")?.content == .environment("UNSET", value: nil))
        #expect(project.secret("e")?.name == "p_e")
        #expect(project.unusedConfigs.map(\.key) == ["unused"])
    }
}
