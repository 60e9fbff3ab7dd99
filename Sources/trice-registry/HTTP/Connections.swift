// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import AsyncHTTPClient
import Core
import Glibc
import Linux
import NIOCore
import NIOSSL
import Registry

/// HTTP clients by what their connections need: a proxy, a certificate. Redirects are not followed by them, as whoever asks
/// decides what goes along.
actor Connections {
    private struct Kind: Hashable {
        var proxy: ProxySettings.Proxy?
        /// Whose certificates are used; nil where TLS is not, or the system's roots are enough.
        var host: String?
        var verifies: Bool
    }

    private let settings: RegistrySettings
    private let proxies: ProxySettings
    private let certificates: CertificateDirectories
    private var clients: [Kind: HTTPClient] = [:]

    init(settings: RegistrySettings, proxies: ProxySettings, certificates: CertificateDirectories) {
        (self.settings, self.proxies, self.certificates) = (settings, proxies, certificates)
    }

    /// The client for an address.
    ///
    /// - Parameter verifies: whether its certificate must be good.
    func client(for address: RegistryAddress, verifies: Bool) throws -> HTTPClient {
        let own = address.scheme == .https && certificates.exist(for: address.hostAndPort)
        let kind = Kind(
            proxy: proxies.proxy(for: address), host: own ? address.hostAndPort : nil,
            verifies: verifies || address.scheme == .http)
        if let client = clients[kind] { return client }
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(
                connect: .seconds(Int64(min(settings.timeout, 10))), read: .seconds(Int64(settings.timeout))))
        configuration.httpVersion = .http1Only
        // One try a request: what failed is asked for again by whoever knows how far it had come.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tlsConfiguration = try certificates.configuration(for: kind.host, verifies: kind.verifies)
        if let proxy = kind.proxy {
            let authorization = proxy.user.map {
                HTTPClient.Authorization.basic(username: $0, password: proxy.password ?? "")
            }
            configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: authorization)
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        clients[kind] = client
        return client
    }
}

/// Directories `HOST[:PORT]/` with roots (`*.crt`), and a client's certificate and key (`*.cert`, `*.key`), as Docker has
/// them (docker documentation, "Verify repository client with certificates").
struct CertificateDirectories {
    /// The later ones add to the earlier ones.
    var directories: [String]

    private func files(for host: String) throws -> [String] {
        try directories.flatMap { directory -> [String] in
            let own = "\(directory)/\(host)"
            do throws(SystemError) { return try listDirectory(own).map { "\(own)/\($0)" } } catch {
                if error.errno == ENOENT { return [] }
                throw error
            }
        }
    }

    func exist(for host: String) -> Bool { directories.contains { exists("\($0)/\(host)") } }

    /// - Parameter host: whose directories count; nil for none.
    func configuration(for host: String?, verifies: Bool) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if !verifies { tls.certificateVerification = .none }
        if let file = getenv("SSL_CERT_FILE").map({ String(cString: $0) }), !file.isEmpty {
            tls.trustRoots = .file(file)
        }
        for file in try host.map(files) ?? [] {
            do {
                if file.hasSuffix(".crt") {
                    tls.additionalTrustRoots.append(.certificates(try NIOSSLCertificate.fromPEMFile(file)))
                } else if file.hasSuffix(".cert") {
                    let key = file.dropLast(5) + ".key"
                    tls.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
                    tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: String(key), format: .pem))
                }
            } catch { throw Failure("\(file): it is no certificate with its key in PEM: \(error)") }
        }
        return tls
    }
}
