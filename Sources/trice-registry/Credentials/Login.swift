// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import NIOHTTP1
import Registry

/// Tries credentials on a registry, and keeps them where they are good.
struct Login {
    let registries: Registries
    let events: Events

    func run(_ domain: String, _ credentials: DockerConfiguration.Credentials) async throws {
        let reference = try Reference("\(domain)/login")
        await registries.credentials.use(credentials, for: domain)
        try await registries.first(reference, actions: "") { connection in
            let answer = try await connection.send(.GET, URLParts(address: connection.endpoint.address, target: "/v2/"))
            let body = try await answer.body()
            guard answer.status == 200 else {
                throw answer.status == 401
                    ? Failure("\(domain): unauthorized: incorrect user name or password")
                    : RegistryErrors.failure(status: answer.status, body: body, subject: domain, reference: nil)
            }
        }
        var event = TransferEvent(.done, image: domain)
        event.detail = try await registries.credentials.keep(credentials, for: domain)
        try await events.send(event)
    }

    func forget(_ domain: String) async throws {
        var event = TransferEvent(.done, image: domain)
        event.isUnchanged = try await !registries.credentials.forget(domain)
        try await events.send(event)
    }
}
