// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A step that turns what is observed into what is desired.
package enum Action: Hashable, Sendable {
    case createNetwork(String)
    case createVolume(String)
    case create(service: String, number: Int)
    case start(container: String)
    case stop(container: String)
    case remove(container: String)
    case removeNetwork(String)
    /// The service's update has failed: it is to be as it was before.
    case rollBack(service: String, reason: String)
    /// All containers of the service are new, and good.
    case endRollout(service: String)
}

/// How a service stands to its goal.
package enum Verdict: Hashable, Sendable {
    /// Nothing is left to do for it.
    case settled
    /// Something is under way, or a dependency is waited for.
    case pending
    /// It cannot be reached: why, as the user should read it.
    case failed(String)
}

/// What to do now, all of it at once.
package struct Plan: Hashable, Sendable {
    package var actions: [Action] = []
    package var verdicts: [String: Verdict] = [:]
    /// When to look again although nothing happened: nanoseconds since 1970.
    package var wake: UInt64?

    package init() {}
}

/// The actions that bring the project nearer to what is desired and that may be done now, side by side.
///
/// Pure and convergent: what is under way (`starting`, `stopping`, `removing`) is left alone, and on a project that is
/// as desired it plans nothing. Linear in the number of containers and dependencies.
package func plan(_ desired: Desired, _ observed: Observed, now: UInt64) -> Plan {
    var planner = Planner(desired, observed, now: now)
    planner.run()
    return planner.plan
}
