// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Registry
import Testing

@Suite("Where a registry is asked")
struct EndpointTests {
    static func settings(_ text: String) throws -> RegistrySettings {
        try RegistrySettings(parsing: Array(text.utf8), file: "registries.json")
    }

    @Test(
        "By TLS; on this machine and where it is said so, without it as well",
        arguments: [
            ("registry.test", ["https://registry.test"]), ("registry.test:5000", ["https://registry.test:5000"]),
            ("localhost:5000", ["https://localhost:5000", "http://localhost:5000"]),
            ("127.0.0.1", ["https://127.0.0.1", "http://127.0.0.1"]),
            ("old.test:80", ["https://old.test:80", "http://old.test"]),
        ])
    func schemes(domain: String, expected: [String]) throws {
        let settings = try Self.settings(#"{"insecure": ["old.test:80"]}"#)
        #expect(try settings.endpoints(of: domain, forPull: true).map { "\($0.address)" } == expected)
    }

    @Test("A pull asks the mirrors first, a push never")
    func mirrors() throws {
        let settings = try Self.settings(
            #"{"mirrors": {"registry.test": ["https://near.test", "http://127.0.0.1:5001/"]}}"#)
        #expect(
            try settings.endpoints(of: "registry.test", forPull: true).map { "\($0.address)" } == [
                "https://near.test", "http://127.0.0.1:5001", "https://registry.test",
            ])
        #expect(
            try settings.endpoints(of: "registry.test", forPull: false).map { "\($0.address)" } == [
                "https://registry.test"
            ])
    }

    @Test("Only an insecure registry's certificate is not looked at")
    func verification() throws {
        let settings = try Self.settings(#"{"insecure": ["old.test"]}"#)
        #expect(try settings.endpoints(of: "old.test", forPull: true)[0].verifies == false)
        #expect(try settings.endpoints(of: "new.test", forPull: true)[0].verifies == true)
    }

    @Test("A blocked registry is not asked", arguments: ["registry.test", "*"])
    func blocked(pattern: String) throws {
        let settings = try Self.settings(#"{"blocked": ["\#(pattern)"]}"#)
        #expect(throws: Failure.self) { try settings.endpoints(of: "registry.test", forPull: true) }
    }

    @Test(
        "Settings that say nothing are refused with the file's name",
        arguments: [
            (#"{"mirror": {}}"#, "registries.json: unknown key \"mirror\""), ("[", "registries.json: no JSON"),
            (#"{"timeout": 0}"#, "registries.json: timeout and parallel begin at 1"),
            (#"{"timeout": "x"}"#, "registries.json: timeout: "), ("7", "registries.json: "),
        ])
    func refused(text: String, message: String) {
        do throws(Failure) {
            _ = try RegistrySettings(parsing: Array(text.utf8), file: "registries.json")
            Issue.record("accepted")
        } catch { #expect(error.message.hasPrefix(message)) }
    }

    @Test(
        "An address that is none is an error",
        arguments: ["registry.test:", "registry.test:0", "registry.test:65536", "registry.test:http"])
    func ports(domain: String) { #expect(throws: Failure.self) { try RegistryAddress.split(domain) } }

    @Test(
        "A name says which registry has which repository",
        arguments: [
            ("redis", DefaultRegistry.domain, "library/redis"), ("a/b:1", DefaultRegistry.domain, "a/b"),
            ("localhost/x", "localhost", "x"), ("localhost:5000/x/y:2", "localhost:5000", "x/y"),
            ("registry.test/x", "registry.test", "x"),
            ("\(DefaultRegistry.domain)/library/redis", DefaultRegistry.domain, "library/redis"),
        ])
    func references(text: String, domain: String, repository: String) throws {
        let reference = try Reference(text)
        #expect(reference.domain == domain)
        #expect(reference.repository == repository)
    }

    @Test(
        "A long name of an image is the same as its short one",
        arguments: [("library/redis:7", "redis:7"), ("a/b:1", "a/b:1"), ("library/a/b:1", "library/a/b:1")])
    func shortNames(rest: String, short: String) throws {
        #expect("\(try Reference("\(DefaultRegistry.domain)/\(rest)"))" == short)
        #expect("\(try Reference("index.\(DefaultRegistry.domain)/\(rest)"))" == short)
    }
}

@Suite("Addresses of HTTP")
struct URLPartsTests {
    @Test(
        "A location is meant from where it came",
        arguments: [
            ("/v2/x", "https://a.test:5000/v2/x"), ("next?b=1", "https://a.test:5000/v2/r/next?b=1"),
            ("https://b.test/y", "https://b.test/y"), ("//c.test/z", "https://c.test/z"),
            ("http://d.test", "http://d.test/"),
        ])
    func resolves(location: String, expected: String) throws {
        let base = try #require(URLParts("https://a.test:5000/v2/r/uploads?x=1"))
        #expect(base.resolving(location)?.description == expected)
    }

    @Test(
        "What is no address of HTTP, or names a user, is none",
        arguments: [
            "ftp://a.test/", "https://", "https://user@a.test/", "https://a test/", "https://a.test:x/", "file:///x",
        ])
    func refuses(text: String) { #expect(URLParts(text) == nil) }

    @Test("Values of a query are encoded")
    func query() {
        #expect(
            URLParts.query([("scope", "repository:a/b:pull"), ("x", "ä &")])
                == "scope=repository%3Aa%2Fb%3Apull&x=%C3%A4%20%26")
    }
}
