// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Testing

@Suite("Images that a Dockerfile names")
struct DockerfileTests {
    struct Row: CustomTestStringConvertible {
        let testDescription: String
        let text: String
        let images: [String]
        var target: String?
        var arguments: [String: String] = [:]
        var contexts: Set<String> = []
    }

    static let rows = [
        Row(testDescription: "one", text: "FROM redis:7\nRUN true", images: ["redis:7"]),
        Row(testDescription: "none", text: "FROM scratch\nCOPY x /", images: []),
        Row(
            testDescription: "in lower case, with a platform", text: "from --platform=$BUILDPLATFORM a:1 as b",
            images: ["a:1"]),
        Row(
            testDescription: "stages name each other",
            text: "FROM a AS One\nFROM b\nCOPY --from=one /x /x\nCOPY --from=0 /y /y\nCOPY --from=c:2 /z /z",
            images: ["b", "c:2", "a"]),
        Row(
            testDescription: "stages that the last one does not need are left out",
            text: "FROM unneeded AS x\nFROM a AS y\nFROM y", images: ["a"]),
        Row(
            testDescription: "a target", text: "FROM a AS x\nFROM b AS y\nFROM c", images: ["a"], target: "X"),
        Row(
            testDescription: "arguments before the first stage, and those given",
            text:
                "ARG V=1\nARG W=${V}.2\nFROM a:$V AS x\nFROM b:${W}\nCOPY --from=x . .\nRUN --mount=type=bind,from=c:${NONE:-3} true",
            images: ["b:5.2", "c:3", "a:5"], arguments: ["V": "5"]),
        Row(testDescription: "quoted values", text: "ARG V=\"1\"\nFROM a:$V", images: ["a:1"]),
        Row(
            testDescription: "the platform", text: "FROM a-${TARGETOS}:${NONE}1${TARGETOS:+-x}", images: ["a-linux:1-x"]
        ),
        Row(
            testDescription: "continued lines and comments",
            text: "# syntax=x\nFROM \\\n# a comment\n\n  a:1\nRUN echo FROM \\\n  FROM b", images: ["a:1"]),
        Row(testDescription: "another escape", text: "# escape=`\nFROM `\n a:1\nRUN c:\\\nFROM a:2", images: ["a:2"]),
        Row(
            testDescription: "here-documents",
            text: "FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY <<-'E' /x\nFROM c\nE\nCOPY --from=d /e /e",
            images: ["a", "d"]),
        Row(
            testDescription: "contexts stand for something else", text: "FROM base\nCOPY --from=more . .", images: [],
            contexts: ["base", "more"]),
        Row(testDescription: "nothing", text: "", images: []),
        Row(testDescription: "an open brace", text: "FROM a:${V", images: ["a:${V"]),
    ]

    @Test("Each is found once, also through arguments and stages", arguments: rows)
    func images(_ row: Row) {
        let file = Dockerfile(parsing: row.text, arguments: row.arguments)
        #expect(Set(file.images(target: row.target, contexts: row.contexts)) == Set(row.images))
    }

    @Test("Any text gives an answer")
    func anything() {
        let words = [
            "FROM", "a", "AS", "b", "\\", "\n", "<<EOF", "$", "{", "}", "ARG", "=", "COPY", "--from=", "`",
            "# escape=`", "\r\n",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...30)).map { _ in words.randomElement()! }.joined(
                separator: [" ", ""].randomElement()!)
            _ = Dockerfile(parsing: text).images()
        }
    }
}

@Suite("Platforms")
struct PlatformTests {
    @Test(
        "They are read as people write them",
        arguments: [
            ("linux/amd64", "linux/amd64"), ("arm64", "linux/arm64"), ("linux/arm/v7", "linux/arm/v7"),
            ("Linux/x86_64", "linux/amd64"), ("aarch64", "linux/arm64"), ("armhf", "linux/arm/v7"),
        ])
    func parses(text: String, expected: String) throws { #expect("\(try Platform(parsing: text))" == expected) }

    @Test("What is none is refused", arguments: ["", "linux/", "a/b/c/d", "/amd64"])
    func refuses(text: String) { #expect(throws: Failure.self) { try Platform(parsing: text) } }
}
