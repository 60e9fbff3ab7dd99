// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Netlink

@Suite struct TableRemovalsTests {
    /// `delete table inet ab`, as Linux 6.18 tells it: struct nlmsghdr, struct nfgenmsg, NFTA_TABLE_NAME.
    private let removal: [UInt8] = [
        28, 0, 0, 0, 0x02, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 5, 7, 0, 1, 0, 0x61, 0x62, 0, 0,
    ]

    @Test func `removed tables are read from any number of messages`() throws {
        var addition = removal
        addition[4] = 0
        #expect(try TableRemovals.names(in: removal[...]) == ["ab"])
        #expect(try TableRemovals.names(in: addition[...]).isEmpty)
        #expect(try TableRemovals.names(in: (addition + removal + addition)[...]) == ["ab"])
    }

    @Test func `a message that ends too soon is an error`() {
        for length in 1..<removal.count {
            #expect(throws: NetlinkError.self) { try TableRemovals.names(in: removal[..<length]) }
        }
    }
}
