// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import SplitMix
import Testing

@testable import Compose

@Suite struct PortTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var mappings: [String]
        var testDescription: String { text }
    }

    private func text(_ mapping: PortMapping) -> String {
        "\(mapping.hostIP ?? "*") \(mapping.published?.description ?? "any") \(mapping.target) \(mapping.protocol.rawValue)"
    }

    @Test(
        "The short syntax gives one mapping for each port of the container",
        arguments: [
            Row(text: "80", mappings: ["* any 80 tcp"]), Row(text: "8081:81", mappings: ["* 8081 81 tcp"]),
            Row(text: "127.0.0.1:8082:82", mappings: ["127.0.0.1 8082 82 tcp"]),
            Row(text: "127.0.0.1::83", mappings: ["127.0.0.1 any 83 tcp"]),
            Row(text: "8084:84/udp", mappings: ["* 8084 84 udp"]), Row(text: "85/SCTP", mappings: ["* any 85 sctp"]),
            Row(text: "3000-3001", mappings: ["* any 3000 tcp", "* any 3001 tcp"]),
            Row(text: "8000-8001:70-71", mappings: ["* 8000 70 tcp", "* 8001 71 tcp"]),
            Row(text: "8000-8009:80", mappings: ["* 8000-8009 80 tcp"]),
            Row(text: "[::1]:8080:80", mappings: ["::1 8080 80 tcp"]),
            Row(text: "::1:8080:80", mappings: ["::1 8080 80 tcp"]),
            Row(text: "0:80", mappings: ["* 0 80 tcp"]), Row(text: ":80", mappings: ["* any 80 tcp"]),
        ])
    func parsing(row: Row) throws {
        #expect(try PortSyntax.parse(row.text).map(text) == row.mappings)
    }

    struct BadRow: Sendable, CustomTestStringConvertible {
        var text: String
        var failure: PortSyntax.Failure
        var testDescription: String { text }
    }

    @Test(
        "What is no port is refused with the part that is wrong",
        arguments: [
            BadRow(text: "", failure: .noContainerPort), BadRow(text: "80:", failure: .noContainerPort),
            BadRow(text: "300.1.1.1:80:80", failure: .address("300.1.1.1")),
            BadRow(text: "8080:99999", failure: .containerPort("99999")),
            BadRow(text: "0", failure: .containerPort("0")),
            BadRow(text: "80:80/carrier", failure: .protocol("carrier")),
            BadRow(text: "8000-8002:80-81", failure: .ranges(container: "80-81", host: "8000-8002")),
            BadRow(text: "8002-8000:80-82", failure: .hostPort("8002-8000")),
            BadRow(text: "eighty:80", failure: .hostPort("eighty")),
            BadRow(text: "80:+80", failure: .containerPort("+80")), BadRow(text: "80-", failure: .containerPort("80-")),
        ])
    func refusing(row: BadRow) {
        #expect(throws: row.failure) { try PortSyntax.parse(row.text) }
    }

    @Test("Random texts are refused or give mappings")
    func randomTexts() {
        var random = SplitMix(state: 5)
        let characters = Array("0123456789:-./[]tcpud")
        for _ in 0..<5000 {
            let text = String(
                (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in characters.randomElement(using: &random)
                })
            do throws(PortSyntax.Failure) {
                #expect(try !PortSyntax.parse(text).isEmpty)
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }

    @Test("Equal mappings count once, whatever their form")
    func duplicates() throws {
        let service = try web("ports:\n  - 8080:80\n  - {target: 80, published: '8080'}\n  - 8080:80/tcp\n  - 81\n")
        #expect(service.ports.map(text) == ["* 8080 80 tcp", "* any 81 tcp"])
        #expect(service.place("ports[1]").line == 8)
    }

    @Test(
        "Mistakes in the long syntax are named",
        arguments: [
            ("{published: 80}", "compose.yaml:5:9 missing-key"), ("{target: 0}", "compose.yaml:5:18 bad-value"),
            ("{target: 80, host_ip: here}", "compose.yaml:5:31 bad-port"),
            ("{target: 80, protocol: x}", "compose.yaml:5:32 bad-port"),
            ("{target: 80, publishd: 1}", "compose.yaml:5:22 unknown-key"), ("true", "compose.yaml:5:9 wrong-type"),
            ("{target: 80, published: 9-8}", "compose.yaml:5:33 bad-port"),
        ])
    func longMistakes(item: String, mistake: String) throws {
        #expect(try mistakes("services:\n  web:\n    image: x\n    ports:\n      - \(item)\n") == [mistake])
    }
}
