// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Testing

@Suite("Image references")
struct ReferenceTests {
    static let digest = "sha256:" + String(repeating: "0a", count: 32)

    struct Good: CustomTestStringConvertible {
        let text: String
        let name: String
        var tag: String?
        var digest: String?
        let description: String
        var testDescription: String { text }
    }

    static let good = [
        Good(text: "redis", name: "redis", description: "redis:latest"),
        Good(text: "redis:7", name: "redis", tag: "7", description: "redis:7"),
        Good(
            text: "team/app_1.x-y:V2_b.c-d", name: "team/app_1.x-y", tag: "V2_b.c-d",
            description: "team/app_1.x-y:V2_b.c-d"),
        Good(text: "localhost:5000/api", name: "localhost:5000/api", description: "localhost:5000/api:latest"),
        Good(
            text: "localhost:5000/api:1.2", name: "localhost:5000/api", tag: "1.2",
            description: "localhost:5000/api:1.2"),
        Good(text: "Host.example/api:1", name: "Host.example/api", tag: "1", description: "Host.example/api:1"),
        Good(text: "app@\(digest)", name: "app", digest: digest, description: "app@\(digest)"),
        Good(text: "app:3@\(digest)", name: "app", tag: "3", digest: digest, description: "app:3@\(digest)"),
    ]

    @Test("A reference is taken apart, and written with its tag", arguments: good)
    func parses(_ row: Good) throws {
        let reference = try Reference(row.text)
        #expect(reference.name == row.name)
        #expect(reference.tag == row.tag)
        #expect(reference.digest == row.digest)
        #expect(reference.description == row.description)
    }

    @Test(
        "A wrong reference is refused with what is wrong",
        arguments: [
            ("", "a part of the name is empty"),
            ("/api", "a part of the name is empty"),
            ("team//api", "a part of the name is empty"),
            ("Redis", "\"R\" cannot stand in \"Redis\""),
            ("my app", "\" \" cannot stand in \"my app\""),
            ("redis:", "\"\" is no tag"),
            ("redis:-7", "\"-7\" is no tag"),
            ("redis:a/b:c d", "\"c d\" is no tag"),
            ("redis:" + String(repeating: "7", count: 129), "is no tag"),
            ("app@sha256:12", "sha256:12 is no digest"),
            ("app@", " is no digest"),
            ("ünix", "cannot stand in"),
        ])
    func refuses(text: String, reason: String) {
        #expect(failure { try Reference(text) }.contains(reason))
    }
}
