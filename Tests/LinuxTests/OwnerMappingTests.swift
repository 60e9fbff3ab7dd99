// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Linux

@Suite struct OwnerMappingTests {
    struct Row: CustomTestStringConvertible {
        let outside: UInt32
        let inside: UInt32
        let ids: IDMapping?
        let lines: [String]
        var testDescription: String { "\(outside) is \(inside)" }
    }

    private static let ids = IDMapping(base: 1_000_000)

    @Test(arguments: [
        Row(outside: 0, inside: 0, ids: ids, lines: ["0 1000000 65536"]),
        Row(
            outside: 1000, inside: 0, ids: ids,
            lines: ["1000 1000000 1", "0 1001000 1", "1 1000001 999", "1001 1001001 64535"]),
        Row(
            outside: 0, inside: 33, ids: ids,
            lines: ["0 1000033 1", "33 1000000 1", "1 1000001 32", "34 1000034 65502"]),
        // The host's user has a number that the container has not.
        Row(outside: 70000, inside: 1, ids: ids, lines: ["70000 1000001 1", "0 1000000 1", "2 1000002 65534"]),
        Row(outside: 1000, inside: 0, ids: nil, lines: ["1000 0 1", "0 1000 1", "1 1 999", "1001 1001 4294966294"]),
    ])
    func `two users are exchanged, and all others are who they are`(_ row: Row) {
        let lines = OwnerMapping.lines(row.outside, row.inside, row.ids)
        #expect(lines == row.lines.map { "\($0)\n" }.joined())
    }

    @Test(arguments: [
        ("         0          0 4294967295\n", UInt32(4_294_967_294)), ("0 1000 1\n1 100000 65536\n", 65536),
        ("1 100000 65536\n0 1000 1\n", 65536), ("0 1000 1\n5 100000 65536\n", 0), ("", 0),
    ])
    func `the last group is that before the first gap`(_ map: String, _ last: UInt32) {
        #expect(lastMappedID(in: map) == last)
    }
}
