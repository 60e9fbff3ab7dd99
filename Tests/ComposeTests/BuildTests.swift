// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Compose

/// Build, develop, hooks, models, providers.
@Suite struct BuildTests {
    @Test(
        "What makes and moves a service is read in all its forms",
        arguments: [
            KeyRow("build: /a", #"{"context":"/a","dockerfile":"Dockerfile"}"#),
            KeyRow(
                "build: {context: 'https://x/y.git#z'}", #"{"context":"https://x/y.git#z","dockerfile":"Dockerfile"}"#),
            KeyRow("build: {context: /b, dockerfile: ../D}", #"{"context":"/b","dockerfile":"../D"}"#),
            KeyRow(
                "build: {context: /a, dockerfile_inline: FROM x}", #"{"context":"/a","dockerfile_inline":"FROM x"}"#),
            KeyRow(
                "build: {context: /a, args: {A: 1, B: }, ssh: [default, k=/k], tags: [t], no_cache: 'yes', shm_size: 1k}",
                #"{"args":{"A":"1"},"context":"/a","dockerfile":"Dockerfile","no_cache":true,"shm_size":"1024","ssh":["default","k=/k"],"tags":["t"]}"#
            ),
            KeyRow(
                "build: {context: /a, additional_contexts: [r=/r, 'i=docker-image://i', 's=service:db'], sbom: true}",
                #"{"additional_contexts":{"i":"docker-image://i","r":"/r","s":"service:db"},"context":"/a","dockerfile":"Dockerfile","sbom":"true"}"#
            ),
            KeyRow(
                "develop: {watch: [{path: /p, action: rebuild, ignore: a}]}",
                #"{"watch":[{"action":"rebuild","exec":{"command":null},"ignore":["a"],"path":"/p"}]}"#),
            KeyRow(
                "develop: {watch: [{path: /p, action: sync+exec, target: /t, exec: {command: a b, user: u}, initial_sync: true}]}",
                #"{"watch":[{"action":"sync+exec","exec":{"command":["a","b"],"user":"u"},"initial_sync":true,"path":"/p","target":"/t"}]}"#
            ),
            KeyRow("develop:", "absent"),
            KeyRow(
                "post_start: [{command: a b, environment: [A=1, B], privileged: true, working_dir: /w}]",
                #"[{"command":["a","b"],"environment":{"A":"1","B":null},"privileged":true,"working_dir":"/w"}]"#),
            KeyRow(
                "pre_start: [{command: [a], per_replica: true}, {image: i, network_mode: none, cap_add: [B]}]",
                #"[{"command":["a"],"entrypoint":null,"image":"x","networks":{"default":null},"per_replica":true},{"cap_add":["B"],"command":null,"entrypoint":null,"image":"i","network_mode":"none"}]"#
            ),
            KeyRow("models: [m]", #"{"m":null}"#, top: "models: {m: {model: x}}"),
            KeyRow("models: {m: {endpoint_var: E}}", #"{"m":{"endpoint_var":"E"}}"#, top: "models: {m: {model: x}}"),
            KeyRow(
                "provider: {type: t, options: {a: 1, b: [x, true]}}",
                #"{"options":{"a":["1"],"b":["x","true"]},"type":"t"}"#),
        ])
    func reading(row: KeyRow) throws { try row.check() }

    @Test(
        "Mistakes are found at their place",
        arguments: [
            MistakeRow("build: {contxt: .}", "4:13 unknown-key"), MistakeRow("build: [.]", "4:12 wrong-type"),
            MistakeRow("build: {dockerfile: D, dockerfile_inline: F}", "4:47 conflict"),
            MistakeRow("build: {additional_contexts: {x: 'service:ghost'}}", "4:38 undefined-service"),
            MistakeRow("build: {secrets: [ghost]}", "4:23 undefined-secret"),
            MistakeRow("build: {ssh: [k]}", "4:19 bad-value"),
            MistakeRow("platform: a/b\n    build: {platforms: [c/d]}", "4:15 conflict"),
            MistakeRow("develop: {watch: [{path: ., action: explode}]}", "4:41 bad-value"),
            MistakeRow("develop: {watch: [{action: rebuild}]}", "4:23 missing-key"),
            MistakeRow("develop: {watch: [{path: ., action: sync}]}", "4:23 missing-key"),
            MistakeRow("post_start: [{user: root}]", "4:18 missing-key"),
            MistakeRow("pre_start: [{restart: always}]", "4:18 unknown-key"),
            MistakeRow(
                "pre_start: [{volumes: ['v:/v'], secrets: [s]}]", "4:28 undefined-volume", "4:47 undefined-secret"),
            MistakeRow("models: [ghost]", "4:14 undefined-model"),
            MistakeRow("provider: {options: {a: b}}", "4:5 missing-key"),
            MistakeRow("tty: true\nmodels: {m: {context_size: 5}}", "5:10 missing-key"),
            MistakeRow("tty: true\nmodels: {m: {model: x, context_size: big}}", "5:38 bad-value"),
        ])
    func refusing(row: MistakeRow) throws { try row.check() }

    @Test("A provided service needs no image and is on no network")
    func provided() throws {
        let project = try project("services: {web: {provider: {type: t}}}")
        #expect(project.services[0].networks.isEmpty)
        #expect(project.networks.isEmpty)
    }
}
