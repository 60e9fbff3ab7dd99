// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A container's health, from the results of its probes. Pure: instants and durations in nanoseconds come from outside.
///
/// Docker's rules (moby, daemon/health.go) hold for what counts: a failure counts once an interval, `retries` of them in a
/// row make the container unhealthy, one success makes it healthy, and failures in the start period do not count. Besides
/// the probes that count, a container that was never healthy is probed at once and then in quick succession, so that
/// readiness costs milliseconds: those extra probes can only succeed.
package struct HealthTracker: Hashable, Sendable {
    package struct Schedule: Codable, Hashable, Sendable {
        package var interval: UInt64
        package var timeout: UInt64
        package var startPeriod: UInt64
        /// The cadence that counts in the start period; nil: `interval`.
        package var startInterval: UInt64?
        package var retries: Int

        package init(
            interval: UInt64 = 30_000_000_000, timeout: UInt64 = 30_000_000_000, startPeriod: UInt64 = 0,
            startInterval: UInt64? = nil, retries: Int = 3
        ) {
            (self.interval, self.timeout) = (interval, timeout)
            (self.startPeriod, self.startInterval) = (startPeriod, startInterval)
            self.retries = retries <= 0 ? 3 : retries
        }
    }

    /// The first extra probe comes so long after a failed one; the pause doubles up to `longestPause`.
    static let firstPause: UInt64 = 10_000_000
    static let longestPause: UInt64 = 500_000_000

    package private(set) var health = ContainerState.Health.starting
    package private(set) var failingStreak = 0
    private let schedule: Schedule
    private let start: UInt64
    private var pause = HealthTracker.firstPause
    private var nextCounted: UInt64
    /// When to probe next.
    package private(set) var nextProbe: UInt64

    /// - Parameter start: when the container started.
    package init(_ schedule: Schedule, start: UInt64) {
        (self.schedule, self.start) = (schedule, start)
        nextProbe = start
        nextCounted = start &+ schedule.interval
        nextCounted = start &+ cadence(at: start)
    }

    /// Takes the result of the probe that ended at this instant.
    ///
    /// - Returns: whether the health is another one now.
    package mutating func probed(success: Bool, at time: UInt64) -> Bool {
        let before = health
        let counts = health != .starting || time >= nextCounted
        if success {
            health = .healthy
            failingStreak = 0
        } else if counts && !(health == .starting && time < start &+ schedule.startPeriod) {
            failingStreak += 1
            if failingStreak >= schedule.retries { health = .unhealthy }
        }
        if counts { nextCounted = time &+ cadence(at: time) }
        if health == .starting {
            nextProbe = min(time &+ pause, nextCounted)
            pause = min(pause * 2, HealthTracker.longestPause)
        } else {
            nextProbe = time &+ schedule.interval
        }
        return health != before
    }

    private func cadence(at time: UInt64) -> UInt64 {
        guard let quick = schedule.startInterval, time < start &+ schedule.startPeriod else { return schedule.interval }
        return quick
    }
}
