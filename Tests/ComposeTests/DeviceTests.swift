// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Compose

/// Devices, GPUs, and what else opens the container to the host or closes it.
@Suite struct DeviceTests {
    @Test(
        "Devices and rights are read in all their forms",
        arguments: [
            KeyRow("devices: [/dev/a]", #"[{"permissions":"rwm","source":"/dev/a","target":"/dev/a"}]"#),
            KeyRow("devices: ['/dev/a:/dev/b:rm']", #"[{"permissions":"rm","source":"/dev/a","target":"/dev/b"}]"#),
            KeyRow(
                "devices: [v.example/c=n]",
                #"[{"permissions":"rwm","source":"v.example/c=n","target":"v.example/c=n"}]"#),
            KeyRow("devices: [{source: /dev/a, target: /dev/b}]", #"[{"source":"/dev/a","target":"/dev/b"}]"#),
            KeyRow(
                "devices: [/dev/a, '/dev/b:/dev/a']", #"[{"permissions":"rwm","source":"/dev/b","target":"/dev/a"}]"#),
            KeyRow("device_cgroup_rules: ['c 1:3 mr']", #"["c 1:3 mr"]"#), KeyRow("gpus: all", #"[{"count":-1}]"#),
            KeyRow("gpus: [{count: all}]", #"[{"count":-1}]"#),
            KeyRow("gpus: [{driver: d, device_ids: ['0']}]", #"[{"device_ids":["0"],"driver":"d"}]"#),
            KeyRow("credential_spec: {file: a.json}", #"{"file":"a.json"}"#),
            KeyRow("isolation: default", #""default""#),
            KeyRow("runtime: runc", #""runc""#), KeyRow("cgroup_parent: a", #""a""#),
            KeyRow("use_api_socket: true", "true"),
            KeyRow("pid: container:a", #""container:a""#), KeyRow("ipc: container:a", #""container:a""#),
            KeyRow(
                "security_opt: ['label=user:U', 'seccomp:unconfined', x]", #"["label=user:U","seccomp:unconfined","x"]"#
            ),
        ])
    func reading(row: KeyRow) throws { try row.check() }

    @Test(
        "Bad devices are refused",
        arguments: [
            MistakeRow("devices: ['/dev/a:/dev/b:rwm:x']", "4:15 bad-device"),
            MistakeRow("devices: [{source: /dev/a}]", "4:15 missing-key"),
            MistakeRow("devices: [{target: /dev/a}]", "4:15 missing-key"), MistakeRow("gpus: some", "4:11 bad-value"),
            MistakeRow("gpus: [{count: 1, device_ids: ['0']}]", "4:12 conflict"),
            MistakeRow("gpus: [{count: many}]", "4:20 bad-value"),
            MistakeRow("credential_spec: {fil: x}", "4:23 unknown-key"),
        ])
    func refusing(row: MistakeRow) throws { try row.check() }

    @Test("Security options mean something")
    func securityOptions() throws {
        let options = try web(
            "security_opt: [seccomp=unconfined, 'seccomp:p.json', apparmor=a, 'label:disable', systempaths=unconfined, no-new-privileges=false, odd]"
        ).securityOptions.map(\.kind)
        #expect(options.count == 7)
        #expect(options[0] == .seccomp(.unconfined))
        if case .seccomp(.file(let path)) = options[1] { #expect(path.hasPrefix("/") && path.hasSuffix("/p.json")) }
        #expect(
            options[2...] == [
                .appArmor("a"), .label("disable"), .unconfinedSystemPaths, .noNewPrivileges(false), .other,
            ])
    }
}
