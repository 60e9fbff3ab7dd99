// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import FoundationEssentials
import Images

/// Docker's configuration file, `~/.docker/config.json`, as far as it is about credentials. Whatever else stands in it
/// is kept when it is written.
package struct DockerConfiguration: Sendable {
    /// Who somebody is to a registry.
    package struct Credentials: Hashable, Sendable {
        package var user: String
        package var password: String
        /// An OAuth2 refresh token, which stands for both.
        package var identityToken: String?

        package init(user: String, password: String, identityToken: String? = nil) {
            (self.user, self.password, self.identityToken) = (user, password, identityToken)
        }

        /// The value of an `Authorization` field (RFC 7617).
        package var basic: String { "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())" }
    }

    private var members: [String: JSONValue]

    package init() { members = [:] }

    /// - Throws: `Failure` naming the file, where it is no object of JSON.
    package init(parsing bytes: [UInt8], file: String) throws(Failure) {
        do {
            guard case .object(let members) = try decodeJSON(JSONValue.self, from: bytes) else {
                throw Failure("it is no object")
            }
            self.members = members
        } catch {
            throw Failure("\(file) cannot be understood: \((error as? Failure)?.message ?? "it is no JSON")")
        }
    }

    package func encoded() throws -> [UInt8] { try encodeJSON(JSONValue.object(members), pretty: true) }

    // MARK: Programs that keep credentials

    /// The program that has the credentials for a registry, `docker-credential-NAME`; nil where the file has them itself.
    package func helper(for domain: String) -> String? {
        let key = DockerConfiguration.key(of: domain)
        if case .object(let helpers)? = members["credHelpers"] {
            for name in [key, domain] {
                if case .string(let helper)? = helpers[name], !helper.isEmpty { return helper }
            }
        }
        if case .string(let store)? = members["credsStore"], !store.isEmpty { return store }
        return nil
    }

    /// What credentials of a registry are kept under.
    package static func key(of domain: String) -> String {
        domain == DefaultRegistry.domain ? DefaultRegistry.credentialsKey : domain
    }

    // MARK: Credentials in the file

    /// What the file itself says of a registry, also under the addresses that older versions of docker wrote.
    package func credentials(for domain: String) -> Credentials? {
        guard case .object(let entries)? = members["auths"] else { return nil }
        let key = DockerConfiguration.key(of: domain)
        for name in [key, domain] {
            if let entry = entries[name], let found = DockerConfiguration.credentials(entry) { return found }
        }
        for (name, entry) in entries.sorted(by: { $0.key < $1.key })
        where DockerConfiguration.host(name) == DockerConfiguration.host(key) {
            if let found = DockerConfiguration.credentials(entry) { return found }
        }
        return nil
    }

    /// Whether the file knows a registry, with or without its credentials.
    package func knows(_ domain: String) -> Bool {
        guard case .object(let entries)? = members["auths"] else { return false }
        return entries[DockerConfiguration.key(of: domain)] != nil
    }

    /// Keeps credentials in the file; nil: notes only that the program which keeps them has some.
    package mutating func set(_ credentials: Credentials?, for domain: String) {
        var entries: [String: JSONValue] = [:]
        if case .object(let there)? = members["auths"] { entries = there }
        var entry: [String: JSONValue] = [:]
        if let credentials {
            let pair = Data("\(credentials.user):\(credentials.password)".utf8).base64EncodedString()
            entry["auth"] = .string(pair)
            if let token = credentials.identityToken { entry["identitytoken"] = .string(token) }
        }
        entries[DockerConfiguration.key(of: domain)] = .object(entry)
        members["auths"] = .object(entries)
    }

    /// - Returns: false where there was nothing to remove.
    @discardableResult
    package mutating func remove(_ domain: String) -> Bool {
        guard case .object(var entries)? = members["auths"],
            entries.removeValue(forKey: DockerConfiguration.key(of: domain)) != nil
        else { return false }
        members["auths"] = .object(entries)
        return true
    }

    private static func credentials(_ entry: JSONValue) -> Credentials? {
        guard case .object(let fields) = entry else { return nil }
        func text(_ name: String) -> String? {
            guard case .string(let value)? = fields[name], !value.isEmpty else { return nil }
            return value
        }
        var (user, password) = (text("username") ?? "", text("password") ?? "")
        if let pair = text("auth").flatMap({ Data(base64Encoded: $0) }) {
            let decoded = String(decoding: pair, as: UTF8.self)
            if let colon = decoded.firstIndex(of: ":") {
                user = String(decoded[..<colon])
                // Docker pads passwords with zero bytes now and then.
                password = String(decoded[decoded.index(after: colon)...].prefix { $0 != "\0" })
            }
        }
        let token = text("identitytoken")
        return user.isEmpty && token == nil ? nil : Credentials(user: user, password: password, identityToken: token)
    }

    /// `https://registry.example/v1/` as `registry.example`.
    private static func host(_ key: String) -> Substring {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return rest.prefix { $0 != "/" }
    }
}
