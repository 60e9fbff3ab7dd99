// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

@Suite struct HealthTrackerTests {
    static let start = 50 * second

    @Test func `the first probe comes at once, and a success makes healthy`() {
        var tracker = HealthTracker(.init(), start: Self.start)
        #expect(tracker.health == .starting)
        #expect(tracker.nextProbe == Self.start)
        let changed = tracker.probed(success: true, at: Self.start + millisecond)
        #expect(changed)
        #expect(tracker.health == .healthy)
        #expect(tracker.nextProbe == Self.start + millisecond + 30 * second)
    }

    @Test func `extra probes come in quick succession and their failures do not count`() {
        var tracker = HealthTracker(.init(interval: 3 * second, retries: 1), start: 0)
        var pauses: [UInt64] = []
        var time: UInt64 = 0
        for _ in 0..<9 {
            let changed = tracker.probed(success: false, at: time)
            #expect(!changed)
            #expect(tracker.failingStreak == 0)
            pauses.append((tracker.nextProbe - time) / millisecond)
            time = tracker.nextProbe
        }
        #expect(pauses == [10, 20, 40, 80, 160, 320, 500, 500, 500])
        #expect(tracker.health == .starting)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let schedule: HealthTracker.Schedule
        /// Seconds after the start.
        let unhealthyAfter: UInt64
    }

    @Test(arguments: [
        Row(testDescription: "the defaults", schedule: .init(), unhealthyAfter: 90),
        Row(testDescription: "one retry", schedule: .init(interval: 5 * second, retries: 1), unhealthyAfter: 5),
        Row(
            testDescription: "no retries stand for three", schedule: .init(interval: 5 * second, retries: 0),
            unhealthyAfter: 15),
        Row(
            testDescription: "a start period that ends with a probe", schedule: .init(startPeriod: 60 * second),
            unhealthyAfter: 120),
        Row(
            testDescription: "a start period that ends between probes", schedule: .init(startPeriod: 61 * second),
            unhealthyAfter: 150),
        Row(
            testDescription: "a start interval without a start period", schedule: .init(startInterval: 1 * second),
            unhealthyAfter: 90),
        Row(
            testDescription: "a start interval in the start period",
            schedule: .init(startPeriod: 20 * second, startInterval: 5 * second), unhealthyAfter: 80),
    ])
    func `a container that always fails is unhealthy after its retries`(_ row: Row) {
        var tracker = HealthTracker(row.schedule, start: Self.start)
        var count = 0
        while !tracker.probed(success: false, at: tracker.nextProbe), count < 10_000 { count += 1 }
        #expect(tracker.health == .unhealthy)
        #expect(tracker.failingStreak == row.schedule.retries)
        // It is unhealthy now: the next probe comes after the interval.
        #expect(tracker.nextProbe - row.schedule.interval == Self.start + row.unhealthyAfter * second)
    }

    @Test func `a healthy container needs its retries in a row to be unhealthy, and one success to recover`() {
        var tracker = HealthTracker(.init(interval: second, startPeriod: 600 * second, retries: 3), start: 0)
        func probe(_ success: Bool) -> Bool { tracker.probed(success: success, at: tracker.nextProbe) }
        #expect(probe(true))
        for success in [false, false, true, false, false] { #expect(!probe(success)) }
        #expect(tracker.health == .healthy)
        // Also in the start period: it is over with the first success.
        #expect(probe(false))
        #expect(tracker.health == .unhealthy)
        #expect(!probe(false))
        #expect(tracker.failingStreak == 4)
        #expect(probe(true))
        #expect(tracker.health == .healthy)
        #expect(tracker.failingStreak == 0)
    }

    @Test func `a slow probe does not bring the next one before its pause`() {
        var tracker = HealthTracker(.init(interval: second), start: 0)
        _ = tracker.probed(success: false, at: 20 * second)
        #expect(tracker.failingStreak == 1)
        #expect(tracker.nextProbe == 20 * second + 10 * millisecond)
    }
}
