// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Reconciler
import Runtime

/// All that trice keeps of a container, in two files of its directory: `config.json`, written once, and `state.json`,
/// written at each change after that.
package struct ContainerRecord: Codable, Hashable, StoredContainer {
    package var config: ContainerConfig
    package var state: ContainerRecordState

    package var id: String { config.id }
    package var name: String { config.name }
}

extension ContainerRecord {
    package init(config: ContainerConfig, storedState: ContainerRecordState?) {
        self.init(config: config, state: storedState ?? ContainerRecordState(madeOf: config))
    }
}

/// What a container was made from; never changes.
package struct ContainerConfig: Codable, Hashable, StoredConfig {
    /// 64 hexadecimal digits.
    package var id: String
    package var name: String
    package var project: String
    package var service: String
    /// The replica's number, from 1; 0 for a one-off container.
    package var number: Int
    package var hash: String
    /// The image as the service names it.
    package var image: String
    /// The digest of the image's configuration.
    package var imageID: String
    package var imageConfig: ImageConfig
    /// Directories of the image's unpacked layers, the topmost first.
    package var layers: [String]
    /// Nanoseconds since 1970.
    package var created: UInt64
    /// The service as it was resolved.
    package var definition: Service
    @Sparse package var labels: [String: String]
    /// Files of the project, for `ls` and labels.
    package var configFiles: [String]
    package var workingDirectory: String
    /// Named volumes in use: container path → volume name. Anonymous ones included.
    @Sparse package var volumes: [String: String]
    @Sparse package var anonymousVolumes: [String]
    /// What the file of `security_opt: seccomp=FILE` said.
    package var seccompDocument: String?
    /// Of the container's user namespace; nil for the host's.
    package var ids: IDMapping?
    /// Images that are mounted, by the path in the container.
    package var mountedImages: [String: MountedImage]?

    package struct MountedImage: Codable, Hashable, Sendable {
        package var id: String
        /// Directories of its unpacked layers, the topmost first.
        package var layers: [String]
    }
}

/// How a container is doing.
package struct ContainerRecordState: Codable, Hashable, StoredState {
    package var reconciled: ContainerState
    package var process: ProcessIdentity?
    package var exit: ExitStatus?
    package var failure: Failure?
    /// What `post_start` ended with, where it failed.
    package var hookFailure: Failure?
    @Sparse package var oomKilled = false
    @Sparse package var paused = false
    @Sparse package var addresses: [Attachment] = []
    package var addedNetworks: [AddedNetwork] {
        get { joined ?? [] }
        set { joined = newValue }
    }
    /// Not in the records of containers that an earlier version has made.
    var joined: [AddedNetwork]?
    @Sparse package var ports: [BoundPort] = []
    @Sparse package var health: [HealthResult] = []
    /// Where the log of the present run begins.
    package var logStart: LogPosition?
    /// To be removed when it ends: `run --rm`.
    @Sparse package var removeAtEnd = false
}

extension ContainerRecordState {
    /// What most states leave out is not asked for, as with `Service`.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(reconciled: try values.decode(ContainerState.self, forKey: .reconciled))
        for key in values.allKeys { try read(key, of: values) }
    }

    private mutating func read(_ key: CodingKeys, of values: KeyedDecodingContainer<CodingKeys>) throws {
        switch key {
        case .reconciled: break
        case .process: try values.read(key, into: &process)
        case .exit: try values.read(key, into: &exit)
        case .failure: try values.read(key, into: &failure)
        case .hookFailure: try values.read(key, into: &hookFailure)
        case .oomKilled: try values.read(key, into: &oomKilled)
        case .paused: try values.read(key, into: &paused)
        case .addresses: try values.read(key, into: &addresses)
        case .joined: try values.read(key, into: &joined)
        case .ports: try values.read(key, into: &ports)
        case .health: try values.read(key, into: &health)
        case .logStart: try values.read(key, into: &logStart)
        case .removeAtEnd: try values.read(key, into: &removeAtEnd)
        }
    }

    /// That of a container which was made and not started.
    init(madeOf config: ContainerConfig) {
        var state = ContainerState(
            id: config.id, name: config.name, service: config.service, number: config.number, hash: config.hash)
        state.created = config.created
        self.init(reconciled: state)
    }
}

/// A container's place on a network.
package struct Attachment: Codable, Hashable, Sendable {
    package var network: String
    package var interface: String
    package var address: String
    package var prefixLength: Int
    package var gateway: String
    package var address6: String?
    /// The hardware address that was asked for; empty where none was.
    @Sparse package var mac: String
    /// The default route goes by the network with the highest one.
    @Sparse package var gatewayPriority = 0
    /// Further addresses for the link alone; nil: none.
    package var linkLocal: [String]?
    /// Names that resolve to it on this network.
    package var names: [String]
}

extension ContainerRecord {
    /// Whether it has a place on the network, also while it does not run.
    func isOn(_ network: String) -> Bool { state.addresses.contains { $0.network == network } }
}

/// A published port.
package struct BoundPort: Codable, Hashable, Sendable {
    package var hostIP: String
    package var published: Int
    package var target: Int
    package var transport: String

    /// `0.0.0.0:8080`, `[::]:8080`
    package var host: String { "\(hostIP.contains(":") ? "[\(hostIP)]" : hostIP):\(published)" }
}

/// A probe's result.
package struct HealthResult: Codable, Hashable, Sendable {
    package var start: UInt64
    package var end: UInt64
    package var exitCode: Int32
    /// At most 4096 bytes.
    package var output: String
}
