// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import NIOHTTP1
import Registry

/// The way to registries: which endpoints there are, and which of them answers.
struct Registries {
    let settings: RegistrySettings
    let connections: Connections
    let credentials: CredentialSource
    /// What the command line says of how much goes on at once; nil: nothing.
    let parallelism: Int?

    /// How many blobs are transferred at once.
    var blobsAtOnce: Int { min(settings.parallel, parallelism ?? .max) }

    /// A manifest or an index, as the registry has it.
    struct Document {
        var bytes: [UInt8]
        var digest: Digest
        var mediaType: String
        var isIndex: Bool { ManifestIndex.mediaTypes.contains(mediaType) }
    }

    /// What is asked of the best endpoint, then of the next where that one has no answer.
    ///
    /// - Parameters:
    ///   - actions: what is to be done: `pull`, or `pull,push`.
    ///   - also: repositories that are read from besides.
    /// - Throws: `Failure` naming what each endpoint said.
    func first<T>(
        _ reference: Reference, actions: String, also: Set<String> = [], _ body: (RegistryConnection) async throws -> T
    ) async throws -> T {
        let endpoints: [RegistrySettings.Endpoint]
        do throws(Failure) {
            endpoints = try settings.endpoints(of: reference.domain, forPull: actions == "pull")
        } catch { throw Failure("\(reference): \(error.message)", hint: error.hint) }
        var problems: [String] = []
        for (place, endpoint) in endpoints.enumerated() {
            let connection = RegistryConnection(
                endpoint, reference, scopes: scopes(reference, actions, also), connections: connections,
                settings: settings, credentials: credentials)
            do { return try await body(connection) } catch let problem as ConnectionProblem {
                problems.append("\(endpoint.address): \(problem)")
                if problem.isUntrusted {
                    throw Failure(
                        "\(reference): \(endpoint.address): \(problem)",
                        hint: "put its root into /etc/trice/certs.d/\(endpoint.address.hostAndPort)/ca.crt")
                }
            } catch let failure as Failure where endpoint.isMirror && place + 1 < endpoints.count {
                problems.append("\(endpoint.address): \(failure.message)")
            }
        }
        throw Failure("\(reference): no answer: \(problems.joined(separator: "; "))")
    }

    private func scopes(_ reference: Reference, _ actions: String, _ also: Set<String>) -> [String] {
        if actions.isEmpty { return [] }
        return ["repository:\(reference.repository):\(actions)"] + also.sorted().map { "repository:\($0):pull" }
    }

    /// The manifest or the index that a reference, or a digest in its repository, stands for.
    func document(
        _ reference: Reference, digest: Digest? = nil, _ connection: RegistryConnection
    ) async throws -> Document {
        let wanted = digest ?? reference.digest.flatMap { Digest($0) }
        let name = wanted.map { "\($0)" } ?? reference.tag ?? "latest"
        let answer = try await connection.send(.GET, connection.path("manifests/\(name)"), headers: Registries.accepted)
        let body = try await answer.body()
        guard answer.status == 200 else {
            throw RegistryErrors.failure(
                status: answer.status, body: body, subject: "\(reference)", reference: reference)
        }
        let found = Digest(of: body)
        if let wanted, wanted != found {
            throw Failure("\(reference): the manifest has the digest \(found), not \(wanted)")
        }
        if let said = answer.field("Docker-Content-Digest"), said.hasPrefix("sha256:"), said != "\(found)" {
            throw Failure("\(reference): the manifest has the digest \(found), and the registry calls it \(said)")
        }
        return Document(bytes: body, digest: found, mediaType: try mediaType(answer, body, reference))
    }

    /// A blob that is small, whole and verified.
    ///
    /// - Parameter what: it is, for messages: `its configuration`.
    func blob(
        _ digest: Digest, _ what: String, of reference: Reference, _ connection: RegistryConnection
    ) async throws -> [UInt8] {
        let answer = try await connection.send(.GET, connection.path("blobs/\(digest)"))
        let body = try await answer.body()
        guard answer.status == 200 else {
            throw RegistryErrors.failure(
                status: answer.status, body: body, subject: "\(reference): \(what)", reference: reference)
        }
        guard Digest(of: body) == digest else {
            throw Failure("\(reference): \(what) has the digest \(Digest(of: body)), not \(digest)")
        }
        return body
    }

    /// The digest that a tag stands for, asked without fetching anything; nil where the registry does not say.
    func digest(_ reference: Reference, _ connection: RegistryConnection) async throws -> Digest? {
        let name = reference.digest ?? reference.tag ?? "latest"
        let answer = try await connection.send(
            .HEAD, connection.path("manifests/\(name)"), headers: Registries.accepted)
        guard answer.status == 200 else { return nil }
        return answer.field("Docker-Content-Digest").flatMap { Digest($0) }
    }

    private struct Kind: Decodable {
        var mediaType: String?
        var schemaVersion: Int?
        var manifests: [ContentDescriptor]?
    }

    private func mediaType(
        _ answer: RegistryConnection.Answer, _ body: [UInt8], _ reference: Reference
    ) throws -> String {
        let kind: Kind
        do { kind = try decodeJSON(Kind.self, from: body) } catch {
            throw Failure("\(reference): the registry's manifest cannot be understood: \(error)")
        }
        if kind.schemaVersion == 1 {
            throw Failure("\(reference): its manifest is of schema 1, which nobody writes any more")
        }
        let said = answer.field("Content-Type")?.split(separator: ";").first.map(String.init)
        for type in [kind.mediaType, said].compactMap({ $0 })
        where Manifest.mediaTypes.contains(type) || ManifestIndex.mediaTypes.contains(type) {
            return type
        }
        return kind.manifests == nil ? Manifest.mediaType : ManifestIndex.mediaType
    }

    private static let accepted = (Manifest.mediaTypes.sorted() + ManifestIndex.mediaTypes.sorted()).map {
        ("Accept", $0)
    }
}
