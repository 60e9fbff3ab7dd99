// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Chooses the subnet of a network that names none.
package enum SubnetPool {
    /// The private blocks of RFC 1918 that subnets are cut from, the first one first. 192.168.0.0/16 is left to the local
    /// networks of homes and offices, which a laptop may enter while the stack is up.
    package static let blocks = [
        IPv4Prefix(IPv4Address(0xac10_0000), length: 12)!,
        IPv4Prefix(IPv4Address(0x0a00_0000), length: 8)!,
    ]

    /// The lowest free /24: 4,096 in the first block, 65,536 in the second.
    ///
    /// - Parameter avoided: every route and address that the host has, and every subnet already given. A default route
    ///   (length 0) is no obstacle.
    /// - Returns: nil where all is taken.
    /// - Complexity: O(n log n) in the number of avoided prefixes.
    package static func choose(avoiding avoided: some Sequence<IPv4Prefix>, length: Int = 24) -> IPv4Prefix? {
        let taken = avoided.filter { $0.length > 0 }.sorted()
        let size: UInt64 = 1 << (32 - UInt64(length))
        for block in blocks {
            var candidate = UInt64(block.first.value)
            var index = 0
            while candidate + size - 1 <= UInt64(block.last.value) {
                // The first obstacle that does not end before the candidate; obstacles are sorted by their start, and a
                // wide one comes before those inside it, which then end before the candidate too.
                while index < taken.count, UInt64(taken[index].last.value) < candidate { index += 1 }
                guard index < taken.count, UInt64(taken[index].first.value) < candidate + size else {
                    return IPv4Prefix(IPv4Address(UInt32(candidate)), length: length)
                }
                let end = UInt64(taken[index].last.value) + 1
                candidate = (end + size - 1) / size * size
            }
        }
        return nil
    }
}
