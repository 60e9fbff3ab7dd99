// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Whether a request that failed is made again, and when: as values, without a clock.
package struct Retry: Hashable, Sendable {
    /// How often a request may fail in a row, before it is given up.
    package static let attempts = 5

    private var failures = 0

    package init() {}

    /// Something went on: the failures so far do not count any more.
    package mutating func succeeded() { failures = 0 }

    /// Notes a failure.
    ///
    /// - Parameters:
    ///   - after: what the registry asks for in `Retry-After`, in seconds.
    ///   - jitter: from 0 to 1.
    /// - Returns: milliseconds until the next attempt; nil where it is given up.
    package mutating func delay(after: Int? = nil, jitter: Double) -> Int? {
        failures += 1
        if failures >= Retry.attempts { return nil }
        // 200, 400, 800, 1,600 ms, each up to a half longer, so that many clients do not come back at once.
        let own = Double(100 << failures)
        return max(Int(own * (1 + jitter / 2)), min(after ?? 0, 60) * 1000)
    }

    /// Statuses that may be another one the next time (RFC 9110, 15; RFC 6585, 4).
    package static func isPassing(status: Int) -> Bool {
        status == 429 || status == 408 || (500...599).contains(status)
    }
}
