// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Compose

@Suite struct TriceExtensionTests {
    @Test(arguments: [
        KeyRow("x-trice: {ready: {port: 5432}}", #"{"ready":{"port":5432}}"#),
        KeyRow(
            "x-trice: {ready: {log: 'ready to accept', timeout: 1m}}",
            #"{"ready":{"log":"ready to accept","timeout":"1m0s"}}"#),
        KeyRow("x-trice: {ready: {file: /run/ready}}", #"{"ready":{"file":"/run/ready"}}"#),
        KeyRow("x-trice: {ready: {http: {port: 80}}}", #"{"ready":{"http":{"path":"/","port":80}}}"#),
        KeyRow(
            "x-trice: {ready: {http: {port: 80, path: '/health?deep=1'}}, on-unhealthy: restart, rerun: always}",
            #"{"on-unhealthy":"restart","ready":{"http":{"path":"/health?deep=1","port":80}},"rerun":"always"}"#),
        KeyRow("x-trice: {}", "absent"), KeyRow("x-other: {ready: 1}", "absent"),
        KeyRow("x-trice: {ready: {port: 1}}\nhealthcheck: {disable: true}", #"{"ready":{"port":1}}"#),
    ])
    func `it is read and printed`(_ row: KeyRow) throws { try row.check() }

    @Test(arguments: [
        MistakeRow("x-trice: {redy: {port: 1}}", "4:15 unknown-key"), MistakeRow("x-trice: []", "4:14 wrong-type"),
        MistakeRow("x-trice: {ready: {}}", "4:22 missing-key"),
        MistakeRow("x-trice: {ready: {timeout: 1s}}", "4:22 missing-key"),
        MistakeRow("x-trice: {ready: {port: 1, file: /f}}", "4:32 conflict"),
        MistakeRow("x-trice: {ready: {port: 0}}", "4:29 bad-value"),
        MistakeRow("x-trice: {ready: {port: 65536}}", "4:29 bad-value"),
        MistakeRow("x-trice: {ready: {port: [1]}}", "4:29 wrong-type"),
        MistakeRow("x-trice: {ready: {log: 'a('}}", "4:28 bad-value"),
        MistakeRow(#"x-trice: {ready: {log: 'took \d+ ms'}}"#, "4:28 bad-value"),
        MistakeRow("x-trice: {ready: {file: run/ready}}", "4:29 bad-value"),
        MistakeRow("x-trice: {ready: {http: {path: /}}}", "4:29 missing-key"),
        MistakeRow("x-trice: {ready: {http: {port: 80, path: health}}}", "4:46 bad-value"),
        MistakeRow("x-trice: {ready: {http: {port: 80, path: '/a b'}}}", "4:46 bad-value"),
        MistakeRow("x-trice: {ready: {port: 1, timeout: 5}}", "4:41 wrong-type"),
        MistakeRow("x-trice: {on-unhealthy: kill}", "4:29 bad-value"),
        MistakeRow("x-trice: {rerun: no}", "4:22 bad-value"),
    ])
    func `what is wrong in it is a mistake at its place`(_ row: MistakeRow) throws { try row.check() }

    @Test func `a service that is ready by a sign has no health check besides`() throws {
        let found = try mistakes(
            "services:\n  web:\n    image: x\n    healthcheck: {test: 'true'}\n    x-trice:\n      ready: {port: 1}\n")
        #expect(found == ["compose.yaml:6:14 conflict"])
    }

    @Test func `a later file merges into it`() throws {
        let files = ["more.yaml": "services: {web: {x-trice: {rerun: always}}}"]
        let both = try project(
            "services: {web: {image: x, x-trice: {ready: {port: 1}}}}", files: files
        ) { $0.files = ["compose.yaml", "more.yaml"] }
        let merged = try #require(both.service("web")?.trice)
        #expect(merged.ready == Readiness(.port(1)) && merged.rerun == .always)
    }

    @Test func `another sign makes the container anew, another reaction does not`() throws {
        func hash(_ extra: String) throws -> String { configHash(of: try web("x-trice: {\(extra)}")) }
        #expect(try hash("ready: {port: 1}") != hash("ready: {port: 2}"))
        #expect(try hash("on-unhealthy: restart, rerun: always") == hash(""))
        #expect(try hash("") == configHash(of: try web("")))
    }
}
