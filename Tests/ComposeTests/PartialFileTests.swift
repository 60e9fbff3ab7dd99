// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Compose

/// What is still said of files of which one has a violation of YAML's syntax.
@Suite struct PartialFileTests {
    @Test("The mistakes before the violation are found, and none that would come of what is missing")
    func before() throws {
        let yaml = """
            services:
              a: {imagee: x}
              b: {image: x, depends_on: [later], networks: [front], extends: later}
              c:
                image: x
                portss: []
               labels: {}
              later: {image: y}
            networks: {front: {}}
            """
        #expect(try mistakes(yaml) == ["compose.yaml:2:7 unknown-key", "compose.yaml:7:4 yaml-syntax"])
    }

    @Test(
        "The last item before the violation may be cut off, or meant elsewhere",
        arguments: [
            ("services:\n  a: {image: x}\nports: [80]\n  b: c\n", "compose.yaml:4:3 yaml-syntax"),
            ("services:\n  a: {image: x}\n  ports: [80]\n   b: c\n", "compose.yaml:4:4 yaml-syntax"),
            ("services:\n  a:\n    image: x\n     ports: []\n", "compose.yaml:4:11 yaml-syntax"),
            ("services: {a: {image: \"x}}\n", "compose.yaml:2:1 yaml-syntax"),
            ("- [\n", "compose.yaml:2:1 yaml-syntax"),
        ])
    func last(yaml: String, mistake: String) throws {
        #expect(try mistakes(yaml) == [mistake])
    }

    @Test("The mistakes of the other files are found, included ones too")
    func others() throws {
        let files = [
            "b.yaml": "services: {b: {image: x, networks: [none], portss: []}}",
            "c.yaml": "services:\n  c: {image: x, ports: [many]}\n  d: [\n",
        ]
        let found = try mistakes("include: [c.yaml]\nservices: {a: [\n", files: files) {
            $0.files = ["compose.yaml", "b.yaml"]
        }
        #expect(
            found == [
                "compose.yaml:3:1 yaml-syntax", "b.yaml:1:44 unknown-key", "c.yaml:2:25 bad-port",
                "c.yaml:4:1 yaml-syntax",
            ])
    }

    @Test("Keys that stand twice hide nothing else")
    func duplicates() throws {
        let yaml = "services:\n  a: {image: x, image: y, portss: []}\n  b: {image: z, networks: [front]}\n"
        #expect(try mistakes(yaml) == ["compose.yaml:2:17 duplicate-key", "compose.yaml:2:27 unknown-key"])
    }
}
