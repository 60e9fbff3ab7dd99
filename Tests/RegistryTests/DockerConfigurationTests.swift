// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Registry
import Testing

@Suite("Docker's configuration file")
struct DockerConfigurationTests {
    static func file(_ text: String) throws -> DockerConfiguration {
        try DockerConfiguration(parsing: Array(text.utf8), file: "config.json")
    }

    /// `me:secret` in Base64.
    static let pair = "bWU6c2VjcmV0"

    @Test(
        "Credentials are found under each spelling of a registry",
        arguments: [
            (#"{"auths": {"r.test": {"auth": "bWU6c2VjcmV0"}}}"#, "r.test"),
            (#"{"auths": {"https://r.test/v1/": {"auth": "bWU6c2VjcmV0"}}}"#, "r.test"),
            (#"{"auths": {"r.test:5000": {"username": "me", "password": "secret"}}}"#, "r.test:5000"),
            (#"{"auths": {"\#(DefaultRegistry.credentialsKey)": {"auth": "bWU6c2VjcmV0"}}}"#, DefaultRegistry.domain),
        ])
    func finds(text: String, domain: String) throws {
        let found = try #require(try Self.file(text).credentials(for: domain))
        #expect(found == DockerConfiguration.Credentials(user: "me", password: "secret"))
        #expect(found.basic == "Basic \(Self.pair)")
    }

    @Test(
        "What says nothing of the registry gives nothing",
        arguments: [
            "{}", #"{"auths": {}}"#, #"{"auths": {"r.test": {}}}"#,
            #"{"auths": {"other.test": {"auth": "bWU6c2VjcmV0"}}}"#,
        ])
    func findsNothing(text: String) throws { #expect(try Self.file(text).credentials(for: "r.test") == nil) }

    @Test("An identity token stands for user and password")
    func identityToken() throws {
        let found = try Self.file(#"{"auths": {"r.test": {"identitytoken": "abc"}}}"#).credentials(for: "r.test")
        #expect(found?.identityToken == "abc")
    }

    @Test("A program for one registry goes before the one for all")
    func helpers() throws {
        let file = try Self.file(#"{"credsStore": "all", "credHelpers": {"r.test": "one"}}"#)
        #expect(file.helper(for: "r.test") == "one")
        #expect(file.helper(for: "other.test") == "all")
        #expect(try Self.file("{}").helper(for: "r.test") == nil)
    }

    @Test("What else stands in the file is there after a change")
    func keepsOthers() throws {
        var file = try Self.file(
            #"{"psFormat": "x", "auths": {"a.test": {"auth": "bWU6c2VjcmV0"}}, "number": 7, "none": null}"#)
        file.set(DockerConfiguration.Credentials(user: "me", password: "secret"), for: "b.test")
        let again = try DockerConfiguration(parsing: file.encoded(), file: "config.json")
        #expect(again.credentials(for: "a.test") != nil)
        #expect(again.credentials(for: "b.test")?.password == "secret")
        let text = String(decoding: try again.encoded(), as: UTF8.self)
        #expect(
            text.contains("\"psFormat\" : \"x\"") && text.contains("\"number\" : 7") && text.contains("\"none\" : null")
        )
        #expect(file.remove("b.test") == true)
        #expect(file.remove("b.test") == false)
        #expect(file.credentials(for: "b.test") == nil)
    }

    @Test("A file that is no object is an error with its name", arguments: ["", "[]", "{", "null"])
    func refused(text: String) {
        do throws(Failure) {
            _ = try DockerConfiguration(parsing: Array(text.utf8), file: "config.json")
            Issue.record("accepted")
        } catch { #expect(error.message.hasPrefix("config.json cannot be understood")) }
    }
}

@Suite("Trying again")
struct RetryTests {
    @Test("Each time later, five times in all, and as late as the registry asks for")
    func delays() {
        var retry = Retry()
        #expect((0..<5).map { _ in retry.delay(jitter: 0) } == [200, 400, 800, 1600, nil])
        retry.succeeded()
        #expect(retry.delay(jitter: 1) == 300)
        #expect(retry.delay(after: 3, jitter: 0) == 3000)
        #expect(retry.delay(after: 10_000, jitter: 0) == 60_000)
    }

    @Test(
        "Only what may be another answer the next time",
        arguments: [(200, false), (404, false), (401, false), (429, true), (500, true), (503, true)])
    func statuses(status: Int, isPassing: Bool) { #expect(Retry.isPassing(status: status) == isPassing) }

    @Test(
        "A part of a content says which it is",
        arguments: [
            ("bytes 5-9/10", 5), ("bytes 0-0/*", 0), ("bytes */10", nil), ("bytes 9-5/10", nil), ("items 1-2/3", nil),
        ]
            as [(String, Int64?)])
    func ranges(field: String, first: Int64?) { #expect(ContentRange(field)?.first == first) }
}
