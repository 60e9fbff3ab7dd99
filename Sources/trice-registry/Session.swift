// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Images
import Linux
import Registry

/// One run of the program: what the environment and the machine's files say, and what is asked for.
struct Session {
    let registries: Registries
    let store: ImageStore
    let events: Events

    static func fromEnvironment(_ events: Events) throws -> Session {
        let environment = processEnvironment()
        let home = environment["HOME"] ?? "/"
        let own = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.config"
        let settings = try settings(in: ["\(own)/trice", "/etc/trice"])
        let connections = Connections(
            settings: settings, proxies: try ProxySettings(environment),
            certificates: CertificateDirectories(directories: [
                "/etc/docker/certs.d", "/etc/trice/certs.d", "\(own)/trice/certs.d",
            ]))
        let docker = environment["DOCKER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.docker"
        return Session(
            registries: Registries(
                settings: settings, connections: connections, credentials: CredentialSource(directory: docker)),
            store: ImageStore(root: Roots.fromEnvironment().root), events: events)
    }

    /// The first `registries.json` of these directories.
    private static func settings(in directories: [String]) throws -> RegistrySettings {
        for directory in directories {
            let file = "\(directory)/registries.json"
            let text: [UInt8]
            do throws(SystemError) { text = try readFile(file, limit: 1 << 20) } catch {
                if error.errno == ENOENT || error.errno == ENOTDIR { continue }
                throw Failure("\(error)")
            }
            return try RegistrySettings(parsing: text, file: file)
        }
        return RegistrySettings()
    }

    /// - Returns: whether all went well; what did not was said.
    func run(_ request: TransferRequest) async throws -> Bool {
        switch request.operation {
        case .pull: try await Pull(registries: registries, store: store, events: events).run(request.items)
        case .push, .resolve, .login, .logout: throw Failure("\(request.operation.rawValue) is not there yet")
        }
    }
}

private func processEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
        let text = String(cString: entry)
        if let equals = text.firstIndex(of: "=") {
            result[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        next += 1
    }
    return result
}
