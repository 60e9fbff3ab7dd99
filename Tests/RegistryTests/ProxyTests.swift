// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Registry
import Testing

@Suite("Proxies of the environment")
struct ProxyTests {
    static let environment = [
        "HTTP_PROXY": "http://plain.test:3128", "https_proxy": "http://me:p%40ss@tls.test:3129/",
        "HTTPS_PROXY": "http://no.test",
        "NO_PROXY": "direct.test, .inside.test,10.0.0.0/8,ported.test:5000,*.star.test",
    ]

    @Test("Each scheme has its own; the name in lower case wins")
    func schemes() throws {
        let settings = try ProxySettings(Self.environment)
        #expect(settings.proxy(for: RegistryAddress(scheme: .http, host: "a.test"))?.host == "plain.test")
        let proxy = try #require(settings.proxy(for: RegistryAddress(scheme: .https, host: "a.test")))
        #expect([proxy.host, proxy.user, proxy.password] == ["tls.test", "me", "p@ss"])
        #expect(proxy.port == 3129)
    }

    @Test(
        "What NO_PROXY names is reached directly",
        arguments: [
            ("direct.test", 443, true), ("sub.direct.test", 443, true), ("indirect.test", 443, false),
            ("a.inside.test", 443, true), ("inside.test", 443, false), ("10.1.2.3", 443, true),
            ("11.1.2.3", 443, false),
            ("ported.test", 5000, true), ("ported.test", 443, false), ("a.star.test", 443, true),
            ("localhost", 5000, true), ("127.0.0.1", 5000, true),
        ])
    func exceptions(host: String, port: Int, isDirect: Bool) throws {
        let settings = try ProxySettings(Self.environment)
        #expect((settings.proxy(for: RegistryAddress(scheme: .https, host: host, port: port)) == nil) == isDirect)
    }

    @Test("A star turns all of them off")
    func star() throws {
        let settings = try ProxySettings(["HTTPS_PROXY": "http://p.test", "NO_PROXY": "*"])
        #expect(settings.proxy(for: RegistryAddress(scheme: .https, host: "a.test")) == nil)
    }

    @Test(
        "A value that is no proxy's address is an error that names the variable",
        arguments: ["socks5://p.test", "http://p.test:x", "http://"])
    func refused(value: String) {
        do throws(Failure) {
            _ = try ProxySettings(["HTTPS_PROXY": value])
            Issue.record("accepted")
        } catch { #expect(error.message.hasPrefix("HTTPS_PROXY: ")) }
    }
}
