// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A program that provides the service in the place of containers (Compose Specification, 05-services.md, `provider`).
package struct Provider: Codable, Hashable, Sendable {
    package struct Option: Codable, Hashable, Sendable {
        package var name: String
        package var values: [String]
    }

    /// The program's name.
    package var type: String
    package var options: [Option] = []

    package init(type: String) {
        self.type = type
    }
}

/// Compose Specification, 05-services.md, `credential_spec`; of effect on Windows only.
package struct CredentialSpec: Codable, Hashable, Sendable {
    package var config: String?
    package var file: String?
    package var registry: String?

    package init() {}
}
