// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A file of variables for the container (Compose Specification, 05-services.md, `env_file`).
package struct EnvironmentFile: Codable, Hashable, Sendable {
    package var path: String
    /// False: the file may be missing.
    package var isRequired: Bool
    /// `format: raw`: nothing in a value means anything.
    package var isRaw: Bool

    package init(path: String, isRequired: Bool = true, isRaw: Bool = false) {
        self.path = path
        self.isRequired = isRequired
        self.isRaw = isRaw
    }
}
