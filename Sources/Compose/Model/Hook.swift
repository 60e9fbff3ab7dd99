// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A command at a turn of a container's life (Compose Specification, 05-services.md, `pre_start`, `post_start`, `pre_stop`).
package struct Hook: Codable, Hashable, Sendable {
    /// Nil only where the file says null.
    package var command: [String]?
    /// Nil: as the service.
    package var user: String?
    package var privileged = false
    package var workingDirectory: String?
    /// Added to the service's own; nil values are the supervisor's to ask for.
    package var environment: [EnvironmentVariable] = []
    /// `pre_start` only: the image it runs in, the service's unless given.
    package var image: String?
    /// `pre_start` only: once a container, and not once a service.
    package var perReplica = false

    package init(command: [String]?) {
        self.command = command
    }
}
