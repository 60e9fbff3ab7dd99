// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What loading does besides reading and merging; all of it, unless someone wants to see the files without.
package struct LoadSteps: OptionSet, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Make paths absolute.
    package static let pathResolution = LoadSteps(rawValue: 1)
    /// Fill in names, the default network, and dependencies that are implied.
    package static let normalization = LoadSteps(rawValue: 2)
    /// Check that what is referred to exists, and that keys do not contradict each other.
    package static let consistency = LoadSteps(rawValue: 4)
    /// Read the services' env files.
    package static let environmentResolution = LoadSteps(rawValue: 8)

    package static let all: LoadSteps = [.pathResolution, .normalization, .consistency, .environmentResolution]
}
