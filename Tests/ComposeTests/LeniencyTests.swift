// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

/// What the specification does not name, and docker compose lets through.
@Suite struct LeniencyTests {
    /// The codes and places of the warnings about the keys of a service, which start at 4:5.
    private func doubts(_ keys: String) throws -> [String] {
        let fixture = try Fixture([
            "compose.yaml": "services:\n  web:\n    image: x\n    \(keys)\nvolumes: {data: {}}\n"
        ])
        var found: [String] = []
        _ = try load(fixture.request()) { warning in
            let place = warning.place.map { "\($0.range.startLine):\($0.range.startColumn) " } ?? ""
            found.append(place + warning.code)
        }
        return found
    }

    @Test(
        "A word that the specification does not name stays, with a warning at its place",
        arguments: [
            ("network_mode: backend", "4:19 unknown-value"), ("userns_mode: keep-id", "4:18 unknown-value"),
            ("ipc: 'container:'", "4:10 unknown-value"), ("pid: other", "4:10 unknown-value"),
            ("uts: other", "4:10 unknown-value"), ("restart: sometimes", "4:14 unknown-value"),
            ("deploy: {mode: other}", "4:20 unknown-value"), ("deploy: {endpoint_mode: x}", "4:29 unknown-value"),
            ("deploy: {restart_policy: {condition: x}}", "4:42 unknown-value"),
            ("deploy: {update_config: {failure_action: x}}", "4:46 unknown-value"),
            ("volumes: [{type: bind, source: /a, target: /b, bind: {propagation: x}}]", "4:72 unknown-value"),
        ])
    func unknownWords(keys: String, warning: String) throws {
        #expect(try doubts(keys) == [warning])
        let key = String(keys.prefix { $0 != ":" })
        #expect(try rendered(key, of: keys) != "absent")
    }

    @Test("The words of restart serve in deploy.restart_policy too", arguments: ["no", "always", "unless-stopped"])
    func restartWords(word: String) throws {
        #expect(try doubts("deploy: {restart_policy: {condition: \"\(word)\"}}") == [])
    }

    @Test(
        "What belongs to another type of mount is a warning",
        arguments: [
            ("{type: bind, source: /a, target: /b, volume: {nocopy: true}}", ["4:52 no-effect"]),
            ("{type: tmpfs, source: data, target: /b}", ["4:37 no-effect"]),
            ("{type: volume, source: data, target: /b, bind: {recursive: disabled}}", ["4:63 no-effect"]),
            ("{type: volume, source: data, target: /b, bind: {selinux: z}}", []),
        ])
    func foreignOptions(mount: String, warnings: [String]) throws {
        #expect(try doubts("volumes: [\(mount)]") == warnings)
    }

    @Test(
        "Keys are read as docker compose reads them",
        arguments: [
            KeyRow("user: 0:0", #""0:0""#),
            KeyRow(
                "volumes: ['data:/d:z,ro']",
                #"[{"bind":{"selinux":"z"},"read_only":true,"source":"data","target":"/d","type":"volume","volume":{}}]"#,
                top: "volumes: {data: {}}"),
            KeyRow(
                "volumes: ['data:/d:rshared']",
                #"[{"bind":{"propagation":"rshared"},"source":"data","target":"/d","type":"volume","volume":{}}]"#,
                top: "volumes: {data: {}}"),
            KeyRow("volumes: [{type: image, source: '', target: /i}]", #"[{"target":"/i","type":"image"}]"#),
            KeyRow("deploy: {}\nscale: 2", #"{"placement":{},"replicas":2,"resources":{}}"#),
        ])
    func reading(row: KeyRow) throws { try row.check() }

    @Test(
        "What docker compose refuses is refused",
        arguments: [
            MistakeRow("group_add: [1, 2, 1]", "4:23 duplicate-item"),
            MistakeRow("external_links: [a, a]", "4:25 duplicate-item"),
            MistakeRow("labels: [1]", "4:14 wrong-type"), MistakeRow("environment: [true]", "4:19 wrong-type"),
            MistakeRow("storage_opt: {size: true}", "4:25 wrong-type"),
            MistakeRow("deploy: {resources: {limits: {memory: 64}}}", "4:43 wrong-type"),
            MistakeRow("post_start: [{command: a, environment: ['A =1']}]", "4:45 bad-value"),
        ])
    func refusing(row: MistakeRow) throws { try row.check() }

    @Test("A trigger may have the old name of initial_sync")
    func initialSync() throws {
        let service = try web("develop: {watch: [{path: ., action: sync, target: /x, x-initialSync: true}]}")
        #expect(service.develop?.watch.map(\.initialSync) == [true])
    }

    @Test("PWD is the working directory where the environment has none")
    func workingDirectory() throws {
        let fixture = try Fixture(["compose.yaml": "services: {web: {image: \"x$PWD\"}}"])
        #expect(try load(fixture.request()).services[0].image == "x\(fixture.directory)")
        #expect(try load(fixture.request(environment: ["PWD": "/given"])).services[0].image == "x/given")
    }
}
