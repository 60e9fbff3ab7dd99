// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

extension Desired {
    /// The machine was started anew, and what its run had is gone: what its restart rule brings back is to run, and what
    /// else does not run rests until somebody asks for it. As with Docker's daemon, `always` brings back what the user had
    /// stopped too, and `unless-stopped` does not.
    package mutating func boot(_ containers: [ContainerState], at time: UInt64) {
        for (name, var goal) in services {
            let own = containers.filter { $0.service == name && !$0.isOneOff }
            guard !own.contains(where: \.isLive) else { continue }
            if goal.comesBack(own) {
                goal.start(at: time)
            } else if goal.intent == .running {
                goal.intent = .stopped
            }
            services[name] = goal
        }
    }
}

extension ServiceGoal {
    fileprivate func comesBack(_ containers: [ContainerState]) -> Bool {
        switch restart {
        case .always, .atMost: intent == .running || intent == .stopped
        case .unlessStopped: intent == .running && !(containers.contains { $0.stoppedByUser })
        case .no, .onFailure: false
        }
    }
}
