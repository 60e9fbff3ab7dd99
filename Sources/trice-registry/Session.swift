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

    static func fromEnvironment(_ events: Events, parallelism: Int?) throws -> Session {
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
                settings: settings, connections: connections, credentials: CredentialSource(directory: docker),
                parallelism: parallelism),
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
        case .pull: return try await Pull(registries: registries, store: store, events: events).run(request.items)
        case .push: return try await Push(registries: registries, store: store, events: events).run(request.items)
        case .resolve: return try await resolve(request.items)
        case .login:
            guard let domain = request.registry, let user = request.user, let password = request.password else {
                throw Failure("login wants a registry, a user and a password")
            }
            try await Login(registries: registries, events: events).run(
                domain, DockerConfiguration.Credentials(user: user, password: password))
        case .download:
            guard let address = request.address, let file = request.file else {
                throw Failure("download wants an address and a file")
            }
            try await Download(connections: registries.connections, timeout: registries.settings.timeout).run(
                address, to: file)
        case .publish, .fetch:
            guard let name = request.items.first?.reference, let directory = request.file else {
                throw Failure("\(request.operation.rawValue) wants a name and a directory")
            }
            let push = Push(registries: registries, store: store, events: events)
            let applications = Applications(registries: registries, push: push, events: events)
            do {
                if request.operation == .fetch {
                    try await applications.fetch(name, into: directory)
                } else {
                    return try await applications.publish(
                        name, from: directory, request.manifests ?? [], images: request.images ?? [])
                }
            } catch {
                try await events.fail(name, error)
                return false
            }
        case .logout:
            guard let domain = request.registry else { throw Failure("logout wants a registry") }
            try await Login(registries: registries, events: events).forget(domain)
        }
        return true
    }
}

extension Session {
    /// Says which digests names stand for now.
    fileprivate func resolve(_ items: [TransferRequest.Item]) async throws -> Bool {
        var isGood = true
        for item in items {
            do {
                let reference = try Reference(item.reference)
                var event = TransferEvent(.done, image: item.reference)
                event.digest = try await registries.first(reference, actions: "pull") { connection in
                    if let digest = try await registries.digest(reference, connection) { return "\(digest)" }
                    return "\(try await registries.document(reference, connection).digest)"
                }
                try await events.send(event)
            } catch {
                isGood = false
                try await events.fail(item.reference, error)
            }
        }
        return isGood
    }
}
