// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

@Suite struct MountTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var mount: Mount
        var testDescription: String { text }
    }

    @Test(
        "The short syntax tells paths from names",
        arguments: [
            Row(text: "data:/data", mount: .volume(VolumeMount(source: "data", target: "/data"))),
            Row(
                text: "data:/data/:ro,nocopy",
                mount: .volume(VolumeMount(source: "data", target: "/data", readOnly: true, noCopy: true))),
            Row(text: "/anonymous", mount: .volume(VolumeMount(source: nil, target: "/anonymous"))),
            Row(text: "/abs//x/../y:/a//b/../c", mount: .bind(BindMount(source: "/abs//x/../y", target: "/a/c"))),
            Row(text: "~/kept:/k:rw", mount: .bind(BindMount(source: "/home/me/kept", target: "/k"))),
            Row(text: "d:/data", mount: .volume(VolumeMount(source: "d", target: "/data"))),
        ])
    func shortSyntax(row: Row) throws {
        let yaml = "services: {web: {image: x, volumes: ['\(row.text)']}}\nvolumes: {data: , d: }\n"
        #expect(try project(yaml, environment: ["HOME": "/home/me"]).services[0].mounts == [row.mount])
    }

    @Test("Relative paths are meant from the project directory")
    func relativePaths() throws {
        let fixture = try Fixture([
            "sub/compose.yaml": "services: {web: {image: x, volumes: ['./a:/a', '..:/b', '.:/c']}}"
        ])
        let project = try load(fixture.request(["sub/compose.yaml"]))
        let sources = project.services[0].mounts.map { if case .bind(let bind) = $0 { bind.source } else { "" } }
        #expect(sources == ["\(fixture.directory)/sub/a", fixture.directory, "\(fixture.directory)/sub"])
    }

    @Test("The long syntax has its own options for each type")
    func longSyntax() throws {
        let service = try web(
            """
            volumes:
              - {type: bind, source: /s, target: /a, read_only: true, bind: {create_host_path: false}}
              - {type: volume, target: /b, volume: {nocopy: true}}
              - {type: tmpfs, target: /c, tmpfs: {size: 64mb, mode: 0o1777}}
            """)
        var bind = BindMount(source: "/s", target: "/a", readOnly: true)
        bind.createHostPath = false
        #expect(
            service.mounts == [
                .bind(bind), .volume(VolumeMount(source: nil, target: "/b", noCopy: true)),
                .tmpfs(TmpfsMount(target: "/c", size: ByteSize(bytes: 67_108_864), mode: 0o1777, hasOptions: true)),
            ])
    }

    @Test("Of two mounts at one path the last counts")
    func sameTarget() throws {
        #expect(try web("volumes: ['/one:/d', '/x:/e', '/two:/d']").mounts.map(\.target) == ["/d", "/e"])
    }

    @Test(
        "Mistakes are named",
        arguments: [
            ("''", "5:9 bad-volume"), ("'/a:/b:ro:rw'", "5:9 bad-volume"), ("'a::b'", "5:9 bad-volume"),
            ("5", "5:9 wrong-type"),
            ("ghost:/d", "5:9 undefined-volume"), ("{type: bind, target: /a}", "5:9 missing-key"),
            ("{source: /a, target: /a}", "5:9 missing-key"), ("{type: bind, source: /a}", "5:9 missing-key"),
            ("{type: floppy, target: /a}", "5:16 bad-value"),
            ("{type: bind, source: /a, target: /a, bind: {propagations: shared}}", "5:53 unknown-key"),
            ("{type: tmpfs, target: /a, tmpfs: {size: 1x}}", "5:49 bad-size"),
            ("{type: volume, source: ghost, target: /a}", "5:32 undefined-volume"),
        ])
    func mistakesNamed(item: String, mistake: String) throws {
        #expect(
            try mistakes("services:\n  web:\n    image: x\n    volumes:\n      - \(item)\n") == [
                "compose.yaml:\(mistake)"
            ])
    }
}
