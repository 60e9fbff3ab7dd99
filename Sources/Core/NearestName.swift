// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The name that a person most likely meant, or nil if none is near.
///
/// Near is an edit distance (insert, delete, replace, swap neighbours) of at most a third of the length of `name`, and of
/// at least one for names from two characters up. Case does not count. On a tie the first of `candidates` wins.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().utf8)
    guard wanted.count >= 2, wanted.count <= 64 else { return nil }
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let length = candidate.utf8.count
        guard abs(length - wanted.count) <= limit else { continue }
        let distance = editDistance(wanted, Array(candidate.lowercased().utf8))
        if distance <= limit, distance < (best?.distance ?? .max), distance < length { best = (candidate, distance) }
    }
    return best?.name
}

/// Optimal string alignment distance.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        row.reserveCapacity(b.count + 1)
        for j in b.indices {
            var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
