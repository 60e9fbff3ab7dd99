// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Linux

/// The kernel's counters, as its files have them.
@Suite struct ControlGroupUsageTests {
    @Test func `block devices are summed up, in both versions' formats`() {
        let unified = BlockCounters.unified(
            "8:0 rbytes=4096 wbytes=1 rios=4 wios=1 dbytes=0 dios=0\n254:16 rbytes=10 wbytes=20 rios=1 wios=1\n")
        #expect(unified == (4106, 21))
        let legacy = BlockCounters.legacy(
            "8:0 Read 4096\n8:0 Write 1\n8:0 Sync 1\n8:0 Total 4097\n8:16 Read 10\n8:16 Write 20\nTotal 4127\n")
        #expect(legacy == (4106, 21))
        #expect(BlockCounters.unified("") == (0, 0) && BlockCounters.legacy("Total 0\n") == (0, 0))
    }

    @Test func `lines of names and numbers`() {
        let counters = KeyedCounters("usage_usec 1500\nPss:      243 kB\nodd\nempty \nbig 99999999999999999999999\n")
        #expect(counters["usage_usec"] == 1500)
        #expect(counters["Pss:"] == 243)
        #expect(counters["odd"] == nil && counters["empty"] == nil && counters["big"] == nil)
    }

    @Test func `a process that has ended counts for nothing`() {
        #expect(KeyedCounters(ofProcess: 0, "io")["read_bytes:"] == nil)
    }
}
