// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// What the kernel and the records show of a project.
package struct Observed: Hashable, Sendable {
    package var containers: [ContainerState] = []
    package var networks: Set<String> = []
    package var volumes: Set<String> = []
    /// Of the networks those that were made of another definition than the one that is desired now, and the ids of the
    /// containers that are on them.
    package var changedNetworks: [String: Set<String>] = [:]

    package init(
        containers: [ContainerState] = [], networks: Set<String> = [], volumes: Set<String> = [],
        changedNetworks: [String: Set<String>] = [:]
    ) {
        (self.containers, self.networks, self.volumes) = (containers, networks, volumes)
        self.changedNetworks = changedNetworks
    }
}

/// One container as it is now. Instants are nanoseconds since 1970.
package struct ContainerState: Codable, Hashable, Sendable {
    package enum Phase: String, Codable, Sendable {
        case created
        /// A start is under way.
        case starting
        case running
        /// A stop is under way.
        case stopping
        case exited
        /// It could not be started.
        case failed
        /// A removal is under way.
        case removing
    }
    package enum Health: String, Codable, Sendable { case none, starting, healthy, unhealthy }

    package var id: String
    package var name: String
    package var service: String
    /// The replica's number, from 1; 0 for a one-off container of `run`.
    package var number: Int
    package var hash: String
    package var created: UInt64 = 0
    package var phase = Phase.created
    package var health = Health.none
    @Sparse package var started: UInt64 = 0
    @Sparse package var finished: UInt64 = 0
    /// The exit status as a shell shows it; meaningful in `exited`.
    @Sparse package var exitCode: Int32 = 0
    /// Why it could not be started; meaningful in `failed`, and in `running` after `failed` time.
    @Sparse package var failure = ""
    /// What follows its start (`post_start`) is not done yet.
    @Sparse package var isSettingUp = false
    /// When what follows its start failed; 0 where it did not.
    @Sparse package var failed: UInt64 = 0
    /// Restarts by the policy since the user started it.
    @Sparse package var restarts = 0
    /// Restarts in a row after runs of less than 10 s: they set the back-off.
    @Sparse package var quickRestarts = 0
    /// The user stopped or killed it: the restart policy rests.
    @Sparse package var stoppedByUser = false
    /// What it was before the start that is under way.
    package var beforeStart: BeforeStart?
    /// The stop that is under way, or that ended it, was for its health: it starts again.
    @Sparse package var stoppedForHealth = false
    /// When the stop that is under way, or the one that ended it, began; 0 where there was none.
    @Sparse package var stopBegan: UInt64 = 0

    package init(id: String, name: String, service: String, number: Int, hash: String) {
        (self.id, self.name, self.service, self.number, self.hash) = (id, name, service, number, hash)
    }

    /// What a start changes at once, and gives back where it is taken back.
    package struct BeforeStart: Codable, Hashable, Sendable {
        var phase: Phase
        var failed: UInt64
        var restarts: Int
        var quickRestarts: Int
        var stoppedByUser: Bool
        var stopBegan: UInt64
        var stoppedForHealth: Bool

        init(_ state: ContainerState) {
            (phase, failed) = (state.phase, state.failed)
            (restarts, quickRestarts) = (state.restarts, state.quickRestarts)
            (stoppedByUser, stopBegan) = (state.stoppedByUser, state.stopBegan)
            stoppedForHealth = state.stoppedForHealth
        }
    }

    package var isOneOff: Bool { number == 0 }

    /// Whether a process of it lives, or may soon.
    package var isLive: Bool {
        switch phase {
        case .starting, .running, .stopping: true
        case .created, .exited, .failed, .removing: false
        }
    }
}

extension ContainerState {
    /// What most states leave out is not asked for, as with `Service`.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(String.self, forKey: .id), name: try values.decode(String.self, forKey: .name),
            service: try values.decode(String.self, forKey: .service),
            number: try values.decode(Int.self, forKey: .number), hash: try values.decode(String.self, forKey: .hash))
        for key in values.allKeys { try read(key, of: values) }
    }

    private mutating func read(_ key: CodingKeys, of values: KeyedDecodingContainer<CodingKeys>) throws {
        switch key {
        case .id, .name, .service, .number, .hash: break
        case .created: try values.read(key, into: &created)
        case .phase: try values.read(key, into: &phase)
        case .health: try values.read(key, into: &health)
        case .started: try values.read(key, into: &started)
        case .finished: try values.read(key, into: &finished)
        case .exitCode: try values.read(key, into: &exitCode)
        case .failure: try values.read(key, into: &failure)
        case .isSettingUp: try values.read(key, into: &isSettingUp)
        case .failed: try values.read(key, into: &failed)
        case .restarts: try values.read(key, into: &restarts)
        case .quickRestarts: try values.read(key, into: &quickRestarts)
        case .stoppedByUser: try values.read(key, into: &stoppedByUser)
        case .beforeStart: try values.read(key, into: &beforeStart)
        case .stoppedForHealth: try values.read(key, into: &stoppedForHealth)
        case .stopBegan: try values.read(key, into: &stopBegan)
        }
    }
}
