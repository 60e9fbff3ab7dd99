// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// Compose Specification, 05-services.md, `restart`.
package enum RestartPolicy: Codable, Hashable, Sendable {
    case no
    case always
    /// At most `attempts` times in all; nil is without end.
    case onFailure(attempts: Int?)
    case unlessStopped
    /// What docker compose lets through and no engine knows.
    case unknown(String)
}

/// Compose Specification, 05-services.md, `pull_policy`.
package enum PullPolicy: Codable, Hashable, Sendable {
    case always
    case never
    case missing
    case ifNotPresent
    case build
    case refresh
    case daily
    case weekly
    /// `every_12h`: as written after `every_`, and as a time.
    case every(String, TimeSpan)
}

/// Compose Specification, 05-services.md, `network_mode`.
package enum NetworkMode: Codable, Hashable, Sendable {
    case none
    case host
    case bridge
    case service(String)
    case container(String)
    /// What docker compose lets through and the specification does not name: with Docker, the name of a network.
    case other(String)
}

/// A word of an enumeration that docker compose does not check: one that the specification names, or another.
///
/// The type itself asks nothing of the words, as that would be looked up for each enumeration whenever a service is copied first.
package enum Choice<Known> {
    case known(Known)
    case other(String)

    package var known: Known? {
        if case .known(let word) = self { word } else { nil }
    }
}

extension Choice where Known: RawRepresentable<String> {
    package var text: String {
        switch self {
        case .known(let word): word.rawValue
        case .other(let text): text
        }
    }
}

extension Choice: Equatable where Known: Equatable {}
extension Choice: Hashable where Known: Hashable {}
extension Choice: Encodable where Known: Encodable {}
extension Choice: Decodable where Known: Decodable {}
extension Choice: Sendable where Known: Sendable {}

/// Whose namespace a container has (`pid`, `ipc`, `uts`, `cgroup`).
package enum NamespaceMode: Codable, Hashable, Sendable {
    case host
    case `private`
    /// `ipc` only.
    case shareable
    /// `pid` and `ipc` only.
    case service(String)
    /// `pid` and `ipc` only.
    case container(String)
    /// What docker compose lets through and the specification does not name.
    case other(String)
}

/// Compose Specification, 05-services.md, `depends_on`.
package struct Dependency: Codable, Hashable, Sendable {
    package enum Condition: String, Codable, Hashable, Sendable, CaseIterable {
        case started = "service_started"
        case healthy = "service_healthy"
        case completedSuccessfully = "service_completed_successfully"
    }

    package var service: String
    package var condition: Condition
    /// Restart the dependant after Compose restarted or updated the other one.
    package var restart: Bool
    /// False: a missing or failing dependency is a warning.
    package var required: Bool

    package init(service: String, condition: Condition = .started, restart: Bool = false, required: Bool = true) {
        self.service = service
        self.condition = condition
        self.restart = restart
        self.required = required
    }
}

/// Compose Specification, 05-services.md, `healthcheck`. What is nil is the image's, or Docker's default.
package struct Healthcheck: Codable, Hashable, Sendable {
    package enum Test: Codable, Hashable, Sendable {
        /// `["NONE"]`
        case none
        /// `["CMD", …]`
        case exec([String])
        /// `["CMD-SHELL", …]` or a string
        case shell(String)
    }

    package var test: Test?
    package var interval: TimeSpan?
    package var timeout: TimeSpan?
    package var startPeriod: TimeSpan?
    package var startInterval: TimeSpan?
    package var retries: Int?
    package var disable: Bool

    package init(test: Test? = nil, disable: Bool = false) {
        self.test = test
        self.disable = disable
    }

    /// Whether the file forbids a check, the image's included.
    package var isDisabled: Bool { disable || test == Test.none }
}
