// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Registry
import Subprocess

/// A program that keeps credentials, `docker-credential-NAME` (the protocol is that of docker-credential-helpers).
struct CredentialProgram {
    let name: String
    var command: String { "docker-credential-\(name)" }

    private struct Answer: Decodable {
        let Username: String
        let Secret: String
    }

    private struct Entry: Encodable {
        let ServerURL: String
        let Username: String
        let Secret: String
    }

    /// What it says where it has nothing.
    private static let notFound = "credentials not found"

    /// - Returns: nil where it has none.
    func get(_ server: String) async throws -> DockerConfiguration.Credentials? {
        let (isGood, text) = try await run("get", input: server)
        if !isGood {
            if text.contains(CredentialProgram.notFound) { return nil }
            throw Failure("\(command) get: \(text)")
        }
        guard let answer = try? decodeJSON(Answer.self, from: Array(text.utf8)) else {
            throw Failure("\(command) get: its answer cannot be understood")
        }
        // The name of no user: the secret is a refresh token.
        if answer.Username == "<token>" {
            return DockerConfiguration.Credentials(user: "", password: "", identityToken: answer.Secret)
        }
        return DockerConfiguration.Credentials(user: answer.Username, password: answer.Secret)
    }

    func store(_ credentials: DockerConfiguration.Credentials, for server: String) async throws {
        let entry = Entry(ServerURL: server, Username: credentials.user, Secret: credentials.password)
        let (isGood, text) = try await run("store", input: String(decoding: try encodeJSON(entry), as: UTF8.self))
        if !isGood { throw Failure("\(command) store: \(text)") }
    }

    /// - Returns: false where there was nothing.
    func erase(_ server: String) async throws -> Bool {
        let (isGood, text) = try await run("erase", input: server)
        if isGood { return true }
        if text.contains(CredentialProgram.notFound) { return false }
        throw Failure("\(command) erase: \(text)")
    }

    private func run(_ action: String, input: String) async throws -> (isGood: Bool, text: String) {
        do {
            let result = try await Subprocess.run(
                .name(command), arguments: [action], input: .string(input), output: .string(limit: 1 << 20),
                error: .discarded)
            let text = result.standardOutput.split(separator: "\n").joined(separator: " ")
            return (result.terminationStatus.isSuccess, text)
        } catch let error as SubprocessError {
            throw Failure("\(command): it cannot be run: \(error)", hint: "Docker's configuration file names it")
        }
    }
}
