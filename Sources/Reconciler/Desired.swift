// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// What the user asked a project to be: one goal a service.
package struct Desired: Codable, Hashable, Sendable {
    /// By service name.
    package var services: [String: ServiceGoal] = [:]
    /// Names of the networks that must exist before a container is made.
    package var networks: Set<String> = []
    /// By name a hash of what each of the project's own networks is to be made of; nil where an earlier version has asked.
    package var networkDefinitions: [String: String]?
    /// Names of the volumes that must exist before a container is made.
    package var volumes: Set<String> = []
    /// Everything goes: containers, also one-off ones and those of services no longer in the file, then networks.
    package var down = false
    /// Containers of services that have no goal are removed.
    package var removeOrphans = false
    /// How many starts and stops may be under way at once; nil: all that can be.
    package var parallelism: Int?

    package init() {}

    /// Whether a network is wanted that is made of something else than the one that is there.
    ///
    /// - Parameter definition: what that was made of; nil where nobody knows, which is as good as the same.
    package func redefines(_ network: String, madeOf definition: String?) -> Bool {
        guard let definition, let wanted = networkDefinitions?[network] else { return false }
        return definition != wanted
    }
}

/// What the user asked a service to be. Instants are nanoseconds since 1970.
package struct ServiceGoal: Codable, Hashable, Sendable {
    package enum Intent: String, Codable, Sendable {
        case running
        /// Made, not started: `up --no-start`.
        case created
        case stopped
        case removed
    }

    package var intent: Intent
    /// How many containers; at least 0.
    package var replicas: Int
    /// The hash of what a container is made from; one with another hash is made again.
    package var hash: String
    package var dependencies: [DependencyGoal]
    package var restart: RestartRule
    /// The pause before a restart, in nanoseconds, instead of the back-off: `deploy.restart_policy.delay`.
    package var restartDelay: UInt64?
    /// A run of so many nanoseconds makes the restarts before it count no more: `deploy.restart_policy.window`.
    package var restartWindow: UInt64?
    package var hasHealthcheck: Bool
    /// How containers with another hash are replaced; nil: all at once.
    package var rollout: Rollout?
    /// Why the update that the user asked for last was taken back.
    package var rolledBack: String?
    /// A container that becomes unhealthy is stopped and started, whatever the restart rule says.
    package var restartsUnhealthy = false
    /// When the user asked last: an earlier failure or end does not count any more.
    package var requested: UInt64 = 0
    /// Containers made before are made again: `--force-recreate`.
    package var recreateBefore: UInt64 = 0
    /// Containers started before are stopped and started: `restart`.
    package var restartBefore: UInt64 = 0
    /// A container with another hash stays: `--no-recreate`.
    package var keepsContainers = false
    /// Conditions of dependencies are not waited for: `--no-deps`.
    package var ignoresDependencies = false
    /// A one-shot container that ended with 0 is run again: `start`, `restart`.
    package var rerunsCompleted = false

    package init(
        intent: Intent = .running, replicas: Int = 1, hash: String, dependencies: [DependencyGoal] = [],
        restart: RestartRule = .no, hasHealthcheck: Bool = false, requested: UInt64 = 0
    ) {
        (self.intent, self.replicas, self.hash) = (intent, replicas, hash)
        (self.dependencies, self.restart) = (dependencies, restart)
        (self.hasHealthcheck, self.requested) = (hasHealthcheck, requested)
    }
}

extension ServiceGoal {
    /// Whether the container is to be made again: it was made of something else, or before what was asked for.
    package func isStale(_ container: ContainerState) -> Bool {
        if container.created < recreateBefore { return true }
        return container.hash != hash && !keepsContainers
    }

    /// Whether the container is to be stopped and started for its health.
    package func isUnfit(_ container: ContainerState) -> Bool {
        restartsUnhealthy && intent == .running && container.phase == .running && container.health == .unhealthy
    }
}

/// `depends_on` (Compose Specification, services).
package struct DependencyGoal: Codable, Hashable, Sendable {
    package enum Condition: String, Codable, Sendable {
        case started = "service_started"
        case healthy = "service_healthy"
        case completed = "service_completed_successfully"
    }
    package var service: String
    package var condition: Condition
    /// Whether the service fails where the dependency does.
    package var required: Bool

    package init(_ service: String, _ condition: Condition = .started, required: Bool = true) {
        (self.service, self.condition, self.required) = (service, condition, required)
    }
}

/// `restart` (Compose Specification, services).
package enum RestartRule: Codable, Hashable, Sendable {
    case no
    case always
    case unlessStopped
    /// After an exit status other than 0, at most so many times; nil without an end.
    case onFailure(Int?)
    /// After any exit status, at most so many times.
    case atMost(Int)
}

extension RestartRule {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "no": self = .no
        case "always": self = .always
        case "unlessStopped": self = .unlessStopped
        case "onFailure": self = .onFailure(try it.optional("_0"))
        case "atMost": self = .atMost(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .no: encoder.values(of: "no")
        case .always: encoder.values(of: "always")
        case .unlessStopped: encoder.values(of: "unlessStopped")
        case .onFailure(let value):
            var values = encoder.values(of: "onFailure")
            try values.encodeIfPresent(value, forKey: "_0")
        case .atMost(let value): try encoder.encode(value, of: "atMost")
        }
    }
}
