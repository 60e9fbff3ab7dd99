// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Ids of the host that a user may give to the users of a user namespace of its own: subuid(5) and subgid(5).
package enum SubordinateIDs {
    package struct Range: Hashable, Sendable {
        package var first: UInt32
        package var count: UInt32
        package init(first: UInt32, count: UInt32) { (self.first, self.count) = (first, count) }

        fileprivate var end: UInt32 { first + count }
    }

    /// A map of a namespace has so many lines at most: user_namespaces(7).
    private static let mostRanges = 339

    /// - Parameters:
    ///   - text: of `/etc/subuid` or `/etc/subgid`: lines of a user, a first id and a count. What is none is passed over, as
    ///     newuidmap(1) does.
    ///   - user: the user's name; nil for one without.
    package static func ranges(in text: String, of user: String?, uid: UInt32) -> [Range] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, fields[0] == user.map({ $0[...] }) || UInt32(fields[0]) == uid,
                let first = UInt32(fields[1]), let count = UInt32(fields[2]),
                count > 0, count <= UInt32.max - first
            else { return nil }
            return Range(first: first, count: count)
        }
    }

    /// What newuidmap(1) and newgidmap(1) take behind the pid: root inside is the user itself, and the ids from 1 on are those
    /// of the ranges.
    package static func map(own: UInt32, ranges: [Range]) -> [String] {
        var words = ["0", "\(own)", "1"]
        var inside: UInt32 = 1
        var taken: [Range] = [Range(first: own, count: 1)]
        for range in ranges.prefix(mostRanges) {
            // No id of the host may stand for two.
            guard !taken.contains(where: { range.first < $0.end && $0.first < range.end }) else { continue }
            let count = min(range.count, UInt32.max - inside)
            words += ["\(inside)", "\(range.first)", "\(count)"]
            inside += count
            taken.append(range)
        }
        return words
    }
}
