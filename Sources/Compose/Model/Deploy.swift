// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// How the service is to run on a platform (Compose Specification, deploy.md).
package struct Deploy: Codable, Hashable, Sendable {
    package enum Mode: String, Codable, Hashable, Sendable, CaseIterable {
        case replicated, global
        case replicatedJob = "replicated-job"
        case globalJob = "global-job"
    }

    package enum EndpointMode: String, Codable, Hashable, Sendable, CaseIterable { case vip, dnsrr }

    package var mode: Choice<Mode>?
    package var replicas: Int?
    /// Labels of the service, not of its containers.
    package var labels: [Label] = []
    package var endpointMode: Choice<EndpointMode>?
    package var resources = Resources()
    package var restartPolicy: RestartRule?
    package var updateConfig: Rollout?
    package var rollbackConfig: Rollout?
    package var placement = Placement()

    package init(replicas: Int? = nil) {
        self.replicas = replicas
    }
}

extension Deploy {
    package struct Resources: Codable, Hashable, Sendable {
        package var limits: Amounts?
        package var reservations: Amounts?

        package init() {}
    }

    package struct Amounts: Codable, Hashable, Sendable {
        /// Processors' worth of time.
        package var cpus: Double?
        package var memory: ByteSize?
        /// Limits only.
        package var pids: Int64?
        /// Reservations only.
        package var devices: [DeviceRequest] = []
        /// Reservations only.
        package var genericResources: [GenericResource] = []

        package init() {}
    }

    package struct GenericResource: Codable, Hashable, Sendable {
        package var kind: String
        package var value: Int64
    }

    /// `restart_policy`, which goes before the service's `restart`.
    package struct RestartRule: Codable, Hashable, Sendable {
        package enum Condition: String, Codable, Hashable, Sendable, CaseIterable {
            case none, any
            case onFailure = "on-failure"
            /// The words of `restart`, which docker compose takes here too.
            case no, always
            case unlessStopped = "unless-stopped"
        }

        package var condition: Choice<Condition>?
        package var delay: TimeSpan?
        package var maxAttempts: Int?
        package var window: TimeSpan?

        package init() {}
    }

    /// `update_config` and `rollback_config`.
    package struct Rollout: Codable, Hashable, Sendable {
        package enum Order: String, Codable, Hashable, Sendable, CaseIterable {
            case stopFirst = "stop-first"
            case startFirst = "start-first"
        }

        package enum FailureAction: String, Codable, Hashable, Sendable, CaseIterable {
            case `continue`, rollback, pause
        }

        /// How many containers at a time; 0 is all at once.
        package var parallelism: Int?
        package var delay: TimeSpan?
        package var failureAction: Choice<FailureAction>?
        package var monitor: TimeSpan?
        /// 0 to 1.
        package var maxFailureRatio: Double?
        package var order: Order?

        package init() {}
    }

    package struct Placement: Codable, Hashable, Sendable {
        package var constraints: [String] = []
        /// The node labels to spread over.
        package var preferences: [String] = []
        package var maxReplicasPerNode: Int?

        package init() {}
    }
}
