// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// When a replica is found by its service's names: `x-trice: {dns: …}`, an extension of trice's own.
package enum NameCondition: String, Codable, Sendable, CaseIterable {
    /// As long as it runs.
    case running
    /// As long as its health check is passed; where it has none, as long as it runs.
    case healthy
}
