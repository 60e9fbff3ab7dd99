// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// The leases of a network as JSON, of which only those that are new or have changed are encoded anew: a file is written whole,
/// and a network may have a thousand.
struct LeaseEncoding {
    private var texts: [Lease: [UInt8]] = [:]

    mutating func encode(_ leases: [Lease]) throws -> [UInt8] {
        var kept: [Lease: [UInt8]] = [:]
        kept.reserveCapacity(leases.count)
        var array: [UInt8] = [UInt8(ascii: "[")]
        for lease in leases {
            let text = try texts[lease] ?? encodeJSON(lease)
            kept[lease] = text
            if array.count > 1 { array.append(UInt8(ascii: ",")) }
            array += text
        }
        texts = kept
        return array + [UInt8(ascii: "]")]
    }
}
