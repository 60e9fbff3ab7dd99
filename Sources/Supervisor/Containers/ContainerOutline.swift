// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Reconciler

/// What lists show of a container. Of its record no more than that is read: the whole takes twice as long, most of it for what
/// the file says of the service.
package struct ContainerOutline: StoredContainer {
    package var config: Config
    package var state: State

    package var id: String { config.id }
    package var name: String { config.name }

    /// A part of `ContainerConfig`.
    package struct Config: StoredConfig {
        package var id: String
        package var name: String
        package var project: String
        package var service: String
        package var number: Int
        package var image: String
        package var imageConfig: ImageConfig
        package var created: UInt64
        package var definition: Definition
        @Sparse package var labels: [String: String]
        package var configFiles: [String]
    }

    /// A part of `Service`.
    package struct Definition: Decodable, Sendable {
        package var command: [String]?
        package var entrypoint: [String]?
        @Sparse package var expose: [String]
        package var restart: RestartPolicy?
        package var deploy: Deploy?

        package struct Deploy: Decodable, Sendable {
            package var restartPolicy: Compose.Deploy.RestartRule?
        }
    }

    /// A part of `ImageConfig`, with its names.
    package struct ImageConfig: Decodable, Sendable {
        package var entrypoint: [String]?
        package var cmd: [String]?
        package var exposedPorts: [String: Images.ImageConfig.Empty]?

        enum CodingKeys: String, CodingKey {
            case entrypoint = "Entrypoint"
            case cmd = "Cmd"
            case exposedPorts = "ExposedPorts"
        }
    }

    /// A part of `ContainerRecordState`.
    package struct State: StoredState {
        package var reconciled: ContainerState
        package var process: ProcessIdentity?
        @Sparse package var oomKilled = false
        @Sparse package var paused = false
        @Sparse package var addresses: [Address] = []
        @Sparse package var ports: [BoundPort] = []
    }

    package struct Address: Codable, Hashable, Sendable {
        package var network: String
    }

    package init(config: Config, storedState: State?) {
        self.config = config
        var made = ContainerState(
            id: config.id, name: config.name, service: config.service, number: config.number, hash: "")
        made.created = config.created
        state = storedState ?? State(reconciled: made)
    }
}

extension ContainerRecord {
    /// The part of it that lists show.
    package var outline: ContainerOutline {
        let service = config.definition, image = config.imageConfig
        let definition = ContainerOutline.Definition(
            command: service.command, entrypoint: service.entrypoint, expose: service.expose, restart: service.restart,
            deploy: service.deploy.map { ContainerOutline.Definition.Deploy(restartPolicy: $0.restartPolicy) })
        let config = ContainerOutline.Config(
            id: config.id, name: config.name, project: config.project, service: config.service, number: config.number,
            image: config.image,
            imageConfig: .init(entrypoint: image.entrypoint, cmd: image.cmd, exposedPorts: image.exposedPorts),
            created: config.created, definition: definition, labels: config.labels, configFiles: config.configFiles)
        var outlined = ContainerOutline.State(reconciled: state.reconciled)
        (outlined.process, outlined.oomKilled, outlined.paused) = (state.process, state.oomKilled, state.paused)
        outlined.addresses = state.addresses.map { ContainerOutline.Address(network: $0.network) }
        outlined.ports = state.ports
        return ContainerOutline(config: config, storedState: outlined)
    }
}

extension RestartRule {
    package init(of definition: ContainerOutline.Definition) {
        self.init(restart: definition.restart, policy: definition.deploy?.restartPolicy)
    }
}
