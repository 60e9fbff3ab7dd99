// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Benchmark
import Reconciler

/// A project that runs, and what the user wants of it.
private struct Case {
    var desired = Desired()
    var observed = Observed()

    /// Each service but the first ten depends on one of the ten before it.
    init(services: Int) {
        desired.networks = ["micro_default"]
        observed.networks = desired.networks
        for number in 0..<services {
            let name = "s\(number)"
            var goal = ServiceGoal(hash: "as it is", restart: .always)
            if number >= 10 { goal.dependencies = [DependencyGoal("s\(number - 10)")] }
            desired.services[name] = goal
            var state = ContainerState(
                id: "\(number)", name: "micro-\(name)-1", service: name, number: 1, hash: "as it is")
            (state.phase, state.created, state.started) = (.running, 1, 2)
            observed.containers.append(state)
        }
    }
}

func planBenchmarks() {
    Benchmark("plan, 1,000 services, nothing to do") { (_, one: Case) in
        blackHole(plan(one.desired, one.observed, now: 3))
    } setup: {
        Case(services: 1000)
    }

    Benchmark("plan, 1,000 services, one changed") { (_, one: Case) in
        blackHole(plan(one.desired, one.observed, now: 3))
    } setup: {
        var one = Case(services: 1000)
        one.desired.services["s500"]?.hash = "as it is to be"
        return one
    }
}
