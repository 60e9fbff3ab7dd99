// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Registry

/// Who the user is to registries: Docker's configuration file and the programs that it names.
actor CredentialSource {
    private let path: String
    private var known: [String: DockerConfiguration.Credentials?] = [:]

    /// - Parameter directory: `$DOCKER_CONFIG`, else `~/.docker`.
    init(directory: String) { path = "\(directory)/config.json" }

    /// The credentials for a registry; nil where there are none.
    func credentials(for domain: String) async throws -> DockerConfiguration.Credentials? {
        if let found = known[domain] { return found }
        let file = try read()
        var found: DockerConfiguration.Credentials?
        if let helper = file.helper(for: domain) {
            found = try await CredentialProgram(name: helper).get(DockerConfiguration.key(of: domain))
        }
        found = found ?? file.credentials(for: domain)
        known[domain] = found
        return found
    }

    /// Uses these from now on, without keeping them.
    func use(_ credentials: DockerConfiguration.Credentials, for domain: String) { known[domain] = credentials }

    /// Keeps credentials in the program that the file names, else in the file.
    ///
    /// - Returns: where they are.
    func keep(_ credentials: DockerConfiguration.Credentials, for domain: String) async throws -> String {
        var file = try read()
        guard let helper = file.helper(for: domain) else {
            file.set(credentials, for: domain)
            try write(file)
            return path
        }
        let program = CredentialProgram(name: helper)
        try await program.store(credentials, for: DockerConfiguration.key(of: domain))
        file.set(nil, for: domain)
        try write(file)
        return program.command
    }

    /// - Returns: false where there was nothing to forget.
    func forget(_ domain: String) async throws -> Bool {
        var file = try read()
        var wasThere = file.remove(domain)
        if let helper = file.helper(for: domain) {
            wasThere = try await CredentialProgram(name: helper).erase(DockerConfiguration.key(of: domain)) || wasThere
        }
        if wasThere { try write(file) }
        return wasThere
    }

    private func read() throws -> DockerConfiguration {
        do {
            return try DockerConfiguration(parsing: readFile(path, limit: 16 << 20), file: path)
        } catch let error as SystemError {
            if error.errno == ENOENT { return DockerConfiguration() }
            throw Failure("\(error)")
        }
    }

    private func write(_ file: DockerConfiguration) throws {
        do {
            try makeDirectories(parentDirectory(path), mode: 0o700)
            try writeAtomically(path, file.encoded() + [0x0A])
        } catch let error as SystemError { throw Failure("\(error)") }
    }
}
