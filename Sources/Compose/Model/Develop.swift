// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What happens when files change during development (Compose Specification, develop.md).
package struct Develop: Codable, Hashable, Sendable {
    package var watch: [Trigger] = []

    package struct Trigger: Codable, Hashable, Sendable {
        package enum Action: String, Codable, Hashable, Sendable, CaseIterable {
            case rebuild, sync, restart
            case syncAndRestart = "sync+restart"
            case syncAndExec = "sync+exec"

            package var needsTarget: Bool { self != .rebuild && self != .restart }
        }

        /// Of the host, absolute.
        package var path: String
        package var action: Action
        /// Of the container.
        package var target: String?
        /// `sync+exec` only.
        package var exec: Hook?
        /// Patterns as of `.dockerignore`.
        package var include: [String] = []
        package var ignore: [String] = []
        package var initialSync = false
    }

    package init() {}
}
