// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Docker's back-off (moby, daemon/internal/restartmanager): 100 ms, doubling up to 1 min, from the start again after a
/// run of at least 10 s.
package enum RestartBackOff {
    static let first: UInt64 = 100_000_000
    static let longest: UInt64 = 60_000_000_000
    /// A run of this length forgives all that was before.
    package static let forgiven: UInt64 = 10_000_000_000

    /// How long to wait before the next start, in nanoseconds, after so many quick restarts in a row.
    package static func delay(afterQuickRestarts count: Int) -> UInt64 {
        count >= 10 ? longest : min(first << UInt64(max(0, count)), longest)
    }

    /// Whether the policy starts an exited container again, and when (nanoseconds since 1970); nil for never.
    ///
    /// - Parameter pause: the pause before a restart in nanoseconds; nil: the back-off.
    package static func restartTime(
        of container: ContainerState, _ rule: RestartRule, pause: UInt64? = nil
    ) -> UInt64? {
        guard container.phase == .exited, !container.stoppedByUser else { return nil }
        switch rule {
        case .no: return nil
        case .onFailure(let limit):
            if container.exitCode == 0 { return nil }
            if let limit, container.restarts >= limit { return nil }
        case .atMost(let limit): if container.restarts >= limit { return nil }
        case .always, .unlessStopped: break
        }
        return container.finished &+ (pause ?? delay(afterQuickRestarts: container.quickRestarts))
    }

    /// Whether and when the goal's policy, or what is done about its health, starts the container again.
    package static func restartTime(of container: ContainerState, _ goal: ServiceGoal) -> UInt64? {
        let rule = container.stoppedForHealth && goal.restartsUnhealthy ? .always : goal.restart
        return restartTime(of: container, rule, pause: goal.restartDelay)
    }
}
