// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Compose

@Suite struct DeployTests {
    @Test(
        "Every part of deploy is read",
        arguments: [
            KeyRow("deploy:", "absent"), KeyRow("deploy: {}", #"{"placement":{},"resources":{}}"#),
            KeyRow("deploy: {mode: global}", #"{"mode":"global","placement":{},"resources":{}}"#),
            KeyRow("deploy: {replicas: \"2\"}", #"{"placement":{},"replicas":2,"resources":{}}"#),
            KeyRow(
                "deploy: {labels: [a=b, c], endpoint_mode: dnsrr}",
                #"{"endpoint_mode":"dnsrr","labels":{"a":"b","c":""},"placement":{},"resources":{}}"#),
            KeyRow(
                "deploy: {restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 2m30s}}",
                #"{"placement":{},"resources":{},"restart_policy":{"condition":"on-failure","delay":"5s","max_attempts":3,"window":"2m30s"}}"#
            ),
            KeyRow(
                "deploy: {update_config: {parallelism: 0, failure_action: rollback, monitor: 60s, max_failure_ratio: 0.3, order: start-first}}",
                #"{"placement":{},"resources":{},"update_config":{"failure_action":"rollback","max_failure_ratio":0.3,"monitor":"1m0s","order":"start-first","parallelism":0}}"#
            ),
            KeyRow(
                "deploy: {rollback_config: {delay: 1h}}",
                #"{"placement":{},"resources":{},"rollback_config":{"delay":"1h0m0s"}}"#),
            KeyRow(
                "deploy: {placement: {constraints: [a==b], preferences: [{spread: z}], max_replicas_per_node: 1}}",
                #"{"placement":{"constraints":["a==b"],"max_replicas_per_node":1,"preferences":[{"spread":"z"}]},"resources":{}}"#
            ),
            KeyRow(
                "deploy: {resources: {limits: {cpus: 0.5, memory: 50M, pids: 100}}}",
                #"{"placement":{},"resources":{"limits":{"cpus":0.5,"memory":"52428800","pids":100}}}"#),
            KeyRow(
                "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], options: [a=b]}], generic_resources: [{discrete_resource_spec: {kind: S, value: 2}}]}}}",
                #"{"placement":{},"resources":{"reservations":{"devices":[{"capabilities":["gpu"],"count":-1,"options":{"a":"b"}}],"generic_resources":[{"discrete_resource_spec":{"kind":"S","value":2}}]}}}"#
            ),
        ])
    func reading(row: KeyRow) throws { try row.check() }

    @Test(
        "Mistakes in deploy are found at their place",
        arguments: [
            MistakeRow("deploy: {update_config: {order: sideways}}", "4:37 bad-value"),
            MistakeRow("deploy: {restart_policy: {delay: soon}}", "4:38 bad-duration"),
            MistakeRow("deploy: {resources: {limits: {memory: lots, cpus: half}}}", "4:43 bad-size", "4:55 bad-value"),
            MistakeRow("deploy: {resources: {limits: {devices: []}}}", "4:35 unknown-key"),
            MistakeRow(
                "deploy: {resources: {reservations: {devices: [{driver: nvidia}]}}}", "4:51 missing-key"),
            MistakeRow(
                "deploy: {resources: {reservations: {devices: [{capabilities: [a], count: 1, device_ids: ['0']}]}}}",
                "4:51 conflict"),
        ])
    func refusing(row: MistakeRow) throws { try row.check() }
}
