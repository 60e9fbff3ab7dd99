// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Compose Specification, 05-services.md, `logging`.
package struct Logging: Codable, Hashable, Sendable {
    package var driver: String?
    package var options: [KeyValue] = []

    package init() {}
}
