// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Reconciler

/// What the user asked for last: survives the supervisor, and the machine.
package struct SavedProject: Codable, Hashable, Sendable {
    package var project: Project
    package var desired: Desired

    package init(project: Project, desired: Desired) { (self.project, self.desired) = (project, desired) }
}
