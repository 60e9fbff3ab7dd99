// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Networking

@Suite struct InterfaceCountersTests {
    @Test func `all interfaces but the loopback count`() {
        let counters = InterfaceCounters(
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:     999       9    0    0    0     0          0         0      999       9    0    0    0     0       0          0
              eth0:    1500      10    0    0    0     0          0         0      300       4    0    0    0     0       0          0
              eth1:20        1    0    0    0     0          0         0 7 1 0 0 0 0 0 0

            """)
        #expect(counters.received == 1520 && counters.sent == 307)
        #expect(InterfaceCounters("").received == 0)
    }
}
