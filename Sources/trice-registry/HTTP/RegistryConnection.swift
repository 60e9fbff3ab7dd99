// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import AsyncHTTPClient
import Core
import Images
import Linux
import NIOCore
import NIOHTTP1
import Registry

/// A repository of a registry, as one endpoint of it answers: requests with what authorizes them (OCI distribution
/// specification).
actor RegistryConnection {
    struct Answer {
        let response: HTTPClientResponse
        var status: Int { Int(response.status.code) }
        func field(_ name: String) -> String? { response.headers.first(name: name) }
        /// Where it came from: for a `Location` that is relative.
        let url: URLParts

        /// The body, of at most so many bytes.
        func body(limit: Int = 16 << 20) async throws -> [UInt8] {
            do {
                let buffer = try await response.body.collect(upTo: limit)
                return Array(buffer.readableBytesView)
            } catch is NIOTooManyBytesError { throw Failure("the answer is larger than \(limit) bytes") }
        }
    }

    let endpoint: RegistrySettings.Endpoint
    let reference: Reference
    private let connections: Connections
    private let settings: RegistrySettings
    private let credentials: CredentialSource
    private let scopes: [String]
    private var authorization: String?

    /// How long an answer may pause, in seconds.
    nonisolated var timeout: Int { settings.timeout }

    /// - Parameter scopes: what is asked for: `repository:NAME:pull,push`.
    init(
        _ endpoint: RegistrySettings.Endpoint, _ reference: Reference, scopes: [String], connections: Connections,
        settings: RegistrySettings, credentials: CredentialSource
    ) {
        (self.endpoint, self.reference, self.scopes) = (endpoint, reference, scopes)
        (self.connections, self.settings, self.credentials) = (connections, settings, credentials)
    }

    /// The path of something of the repository.
    nonisolated func path(_ rest: String) -> URLParts {
        URLParts(address: endpoint.address, target: "/v2/\(reference.repository)/\(rest)")
    }

    /// Sends a request, again where it must show who asks or failed for a reason that passes, and follows where the answer
    /// leads.
    ///
    /// - Throws: `ConnectionProblem` where there is no answer; `Failure`.
    func send(
        _ method: HTTPMethod, _ url: URLParts, headers: [(String, String)] = [], body: ByteBuffer? = nil
    ) async throws -> Answer {
        var retry = Retry()
        while true {
            do {
                let answer = try await authorized(method, url, headers, body)
                guard Retry.isPassing(status: answer.status),
                    let delay = retry.delay(
                        after: answer.field("Retry-After").flatMap { Int($0) }, jitter: .random(in: 0...1))
                else { return answer }
                try await Task.sleep(for: .milliseconds(delay))
            } catch let problem as ConnectionProblem {
                guard problem.mayPass, let delay = retry.delay(jitter: .random(in: 0...1)) else { throw problem }
                try await Task.sleep(for: .milliseconds(delay))
            }
        }
    }

    private func authorized(
        _ method: HTTPMethod, _ url: URLParts, _ headers: [(String, String)], _ body: ByteBuffer?
    ) async throws -> Answer {
        let used = authorization
        let answer = try await followed(method, url, headers, body, authorization: used)
        guard answer.status == 401, answer.url.address == endpoint.address else { return answer }
        let challenges = answer.response.headers["WWW-Authenticate"].flatMap(Challenge.parse)
        if authorization == used {
            guard let next = try await authorize(challenges, before: used) else { return answer }
            authorization = next
        }
        return try await followed(method, url, headers, body, authorization: authorization)
    }

    /// What the next request shows; nil where there is nothing that was not shown.
    private func authorize(_ challenges: [Challenge], before: String?) async throws -> String? {
        let known = try await credentials.credentials(for: reference.domain)
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
            let token = try await token(bearer, known)
            return "Bearer \(token)"
        }
        if challenges.contains(where: { $0.scheme == "basic" }), let known, known.basic != before { return known.basic }
        return nil
    }

    /// A token for this repository (distribution project, "Token Authentication" and "OAuth2 Token Authentication").
    private func token(_ challenge: Challenge, _ known: DockerConfiguration.Credentials?) async throws -> String {
        guard let realm = challenge.parameters["realm"], var url = URLParts(realm) else {
            throw Failure("\(reference.domain): its challenge names no realm")
        }
        // Credentials go over TLS, if the registry itself is spoken to by it.
        if url.address.scheme == .http && endpoint.address.scheme == .https
            && !RegistryAddress.isLoopback(url.address.host)
        {
            throw Failure("\(reference.domain): it asks for credentials at \(url.address), which is no TLS")
        }
        // With one refresh token there is one value of all scopes (RFC 6749, 3.3); else there is a value each.
        var values =
            known?.identityToken == nil ? scopes.map { ("scope", $0) } : [("scope", scopes.joined(separator: " "))]
        if let service = challenge.parameters["service"] { values.append(("service", service)) }
        var headers: [(String, String)] = []
        var body: ByteBuffer?
        if let token = known?.identityToken {
            values += [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "trice")]
            body = ByteBuffer(string: URLParts.query(values))
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        } else {
            if let known {
                headers.append(("Authorization", known.basic))
                values.append(("account", known.user))
            }
            url.target += (url.target.contains("?") ? "&" : "?") + URLParts.query(values)
        }
        let answer = try await once(body == nil ? .GET : .POST, url, headers, body)
        let text = try await answer.body()
        guard answer.status == 200 else {
            throw RegistryErrors.failure(
                status: answer.status, body: text, subject: "token for \(reference.name)", reference: reference)
        }
        guard let value = (try? decodeJSON(TokenAnswer.self, from: text))?.value else {
            throw Failure("\(url.address): it gives no token")
        }
        return value
    }

    /// Follows redirects of a request that changes nothing. What authorizes it goes to the registry alone.
    private func followed(
        _ method: HTTPMethod, _ url: URLParts, _ headers: [(String, String)], _ body: ByteBuffer?,
        authorization: String?
    ) async throws -> Answer {
        var url = url
        for _ in 0..<6 {
            var all = headers
            if let authorization, url.address == endpoint.address { all.append(("Authorization", authorization)) }
            let answer = try await once(method, url, all, body)
            guard [301, 302, 303, 307, 308].contains(answer.status), method == .GET || method == .HEAD else {
                return answer
            }
            guard let location = answer.field("Location"), let next = url.resolving(location) else {
                throw Failure("\(url.address): it redirects to nowhere")
            }
            if url.address.scheme == .https && next.address.scheme == .http {
                throw Failure("\(url.address): it redirects to \(next.address), which is no TLS")
            }
            url = next
        }
        throw Failure("\(url.address): it redirects in a circle")
    }

    private func once(
        _ method: HTTPMethod, _ url: URLParts, _ headers: [(String, String)], _ body: ByteBuffer?
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url.description)
        request.method = method
        request.headers = HTTPHeaders(headers + [("User-Agent", "trice")])
        if let body { request.body = .bytes(body) }
        let client = try await connections.client(
            for: url.address, verifies: url.address == endpoint.address ? endpoint.verifies : true)
        do {
            // The clock of the client's read timeout runs while an answer is awaited, too.
            return Answer(response: try await client.execute(request, deadline: .distantFuture), url: url)
        } catch let error as CancellationError { throw error } catch {
            throw ConnectionProblem(error, timeout: settings.timeout)
        }
    }
}
