// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Reconciler

/// What the user asked for last: survives the supervisor, and the machine.
package struct SavedProject: Codable, Hashable, Sendable {
    package var project: Project
    package var desired: Desired
    /// What services with `deploy.update_config` were before they were changed last.
    package var previous: [String: PreviousService]?

    package init(project: Project, desired: Desired) { (self.project, self.desired) = (project, desired) }
}

/// A service as it was, to go back to.
package struct PreviousService: Codable, Hashable, Sendable {
    var definition: Service
    /// Networks and volumes that it is on.
    var networks: [Network]
    var volumes: [Volume]
    var goal: ServiceGoal
    /// The image's own name for itself: the name that the file has may mean another one by now.
    var imageID: String
}
