// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images

/// What the machine's owner says of registries: `/etc/trice/registries.json`.
///
/// ```json
/// { "insecure": ["registry.test:5000"], "mirrors": { "registry.example": ["https://mirror.test"] },
///   "blocked": ["registry.example"], "timeout": 30, "parallel": 4 }
/// ```
package struct RegistrySettings: Hashable, Sendable, Decodable {
    /// Registries that are spoken to without TLS, or whose certificate is not looked at: `HOST` or `HOST:PORT`. Those on
    /// this machine need not be named.
    package var insecure: [String] = []
    /// Asked first, in this order, for what is pulled from a registry: `https://HOST[:PORT]` or `http://…`.
    package var mirrors: [String: [String]] = [:]
    /// Registries that are never asked; `*` for all.
    package var blocked: [String] = []
    /// How long a registry may keep silent, in seconds; from 1.
    package var timeout = 30
    /// How many layers are transferred at once; from 1.
    package var parallel = 4

    package init() {}

    private enum Key: String, CodingKey, CaseIterable { case insecure, mirrors, blocked, timeout, parallel }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys where Key(stringValue: key.stringValue) == nil {
            let nearest = nearestName(to: key.stringValue, among: Key.allCases.map(\.rawValue))
            throw Failure("unknown key \"\(key.stringValue)\"", hint: nearest.map { "did you mean \($0)?" })
        }
        let container = try decoder.container(keyedBy: Key.self)
        insecure = try container.decodeIfPresent([String].self, forKey: .insecure) ?? []
        mirrors = try container.decodeIfPresent([String: [String]].self, forKey: .mirrors) ?? [:]
        blocked = try container.decodeIfPresent([String].self, forKey: .blocked) ?? []
        timeout = try container.decodeIfPresent(Int.self, forKey: .timeout) ?? 30
        parallel = try container.decodeIfPresent(Int.self, forKey: .parallel) ?? 4
        if timeout < 1 || parallel < 1 { throw Failure("timeout and parallel begin at 1") }
    }

    /// - Throws: `Failure` naming the file and what is wrong in it.
    package init(parsing bytes: [UInt8], file: String) throws(Failure) {
        do { self = try decodeJSON(RegistrySettings.self, from: bytes) } catch let failure as Failure {
            throw Failure("\(file): \(failure.message)", hint: failure.hint)
        } catch let error as DecodingError {
            throw Failure("\(file): \(RegistrySettings.text(error))")
        } catch { throw Failure("\(file): \(error)") }
    }

    private static func text(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        case .dataCorrupted(let context): "no JSON: \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }

    /// A registry as it is asked.
    package struct Endpoint: Hashable, Sendable {
        package var address: RegistryAddress
        /// Whether its certificate must be good.
        package var verifies = true
        package var isMirror = false
    }

    /// Where a registry is asked, the best first: its mirrors for a pull, then itself. Without TLS only where it is this
    /// machine or is named as insecure, and there after TLS.
    ///
    /// - Throws: `Failure` where it is blocked, or a mirror's address is none.
    package func endpoints(of domain: String, forPull: Bool) throws(Failure) -> [Endpoint] {
        if blocked.contains(domain) || blocked.contains("*") {
            throw Failure("registry \(domain) is blocked", hint: "by \"blocked\" in the settings of registries")
        }
        var endpoints: [Endpoint] = []
        if forPull {
            for mirror in mirrors[domain] ?? [] {
                endpoints.append(Endpoint(address: try RegistrySettings.mirror(mirror), isMirror: true))
            }
        }
        let (name, port) = try RegistryAddress.split(domain)
        let host = name == DefaultRegistry.domain ? DefaultRegistry.host : name
        let isInsecure = insecure.contains(domain)
        endpoints.append(
            Endpoint(address: RegistryAddress(scheme: .https, host: host, port: port), verifies: !isInsecure))
        if isInsecure || RegistryAddress.isLoopback(host) {
            endpoints.append(Endpoint(address: RegistryAddress(scheme: .http, host: host, port: port)))
        }
        return endpoints
    }

    private static func mirror(_ text: String) throws(Failure) -> RegistryAddress {
        for scheme in [RegistryAddress.Scheme.http, .https] where text.hasPrefix("\(scheme.rawValue)://") {
            let rest = text.dropFirst(scheme.rawValue.count + 3)
            let domain = rest.hasSuffix("/") ? rest.dropLast() : rest
            guard !domain.isEmpty, !domain.contains("/") else { break }
            let (host, port) = try RegistryAddress.split(String(domain))
            return RegistryAddress(scheme: scheme, host: host, port: port)
        }
        throw Failure("mirror \(text) is no address", hint: "an address is https://HOST:PORT")
    }
}
