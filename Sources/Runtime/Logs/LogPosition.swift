// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A place in a container's log: the number of one of its files, and a byte of its text.
package struct LogPosition: Codable, Hashable, Sendable, Comparable {
    package var number: Int
    package var offset: Int

    package init(number: Int = 0, offset: Int = 0) { (self.number, self.offset) = (number, offset) }

    package static func < (one: LogPosition, other: LogPosition) -> Bool {
        (one.number, one.offset) < (other.number, other.offset)
    }
}
