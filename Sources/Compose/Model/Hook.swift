// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A command at a turn of a container's life (Compose Specification, 05-services.md, `post_start`, `pre_stop`).
package struct Hook: Codable, Hashable, Sendable {
    /// Nil only where the file says null.
    package var command: [String]?
    /// Nil: as the service.
    package var user: String?
    package var privileged = false
    package var workingDirectory: String?
    /// Added to the service's own; nil values are the supervisor's to ask for.
    package var environment: [EnvironmentVariable] = []

    package init(command: [String]?) {
        self.command = command
    }
}

/// A container that runs to its end before those of the service start (Compose Specification, 05-services.md, `pre_start`).
package struct PreStart: Codable, Hashable, Sendable {
    /// Its name is the service's; image and networks are, too, unless it has its own. Its env files are not read yet.
    package var container: Service
    /// Once for each container of the service, and not once for all.
    package var perReplica = false

    package init(container: Service) {
        self.container = container
    }
}
