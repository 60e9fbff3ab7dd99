// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler
import Testing

/// Lets the planner and the transitions of states that the supervisor makes work on random projects, to which random things
/// happen. A history is made from its seed alone: put a failing one into `seeds` to see it by itself.
@Suite(.serialized) struct SimulatorTests {
    static let seeds: Range<UInt64> = 0..<100_000
    /// Between parts other tests get their turn.
    static let parts = 20

    @Test(arguments: 0..<parts)
    func `no history breaks a promise`(_ part: Int) async {
        for seed in SimulatorTests.seeds where seed % UInt64(SimulatorTests.parts) == UInt64(part) {
            let history = History(seed: seed)
            if let violation = history.violation(of: plan) {
                let shrunk = history.shrunk(plan, to: violation.rule)
                Issue.record("seed \(seed): \(shrunk.violation(of: plan) ?? violation)\n\(shrunk)")
                return
            }
            await Task.yield()
        }
    }

    @Test(arguments: PlantedBug.all)
    func `a planted bug is found, and told by a short history`(_ bug: PlantedBug) async throws {
        let found = SimulatorTests.seeds.lazy.compactMap { seed in
            let history = History(seed: seed)
            return history.violation(of: bug.planner).map { (history, $0.rule) }
        }.first
        let (history, rule) = try #require(found)
        let shrunk = history.shrunk(bug.planner, to: rule)
        #expect(shrunk.events.count <= history.events.count)
        #expect(shrunk.events.count <= 10, "\(shrunk)")
        #expect(shrunk.violation(of: bug.planner)?.rule == rule)
    }
}
