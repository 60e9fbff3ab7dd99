// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

/// The transitions of a container's state that the simulator has found wrong, each by itself.
@Suite struct LifecycleTests {
    @Test func `a start that is taken back leaves no trace`() {
        var state = container("a", 1, .exited) {
            ($0.restarts, $0.quickRestarts, $0.stoppedByUser, $0.stopBegan) = (2, 1, true, 250 * second)
        }
        let before = state
        for asked in [goal(), goal { $0.requested = 400 * second }] {
            state.beginStart(asked)
            #expect(state.phase == .starting)
            state.takeBackStart()
            #expect(state == before)
        }
    }

    @Test func `one that could not be started before is so again when its start is taken back`() {
        var state = container("a", 1, .failed)
        state.beginStart(goal { $0.requested = 400 * second })
        state.takeBackStart()
        #expect(state == container("a", 1, .failed))
    }

    @Test func `a program that ends before its start is told has not run long`() {
        var state = container("a", 1, .running) { $0.quickRestarts = 3 }
        state.end(exitCode: 1, at: state.started - 1, goal { $0.restart = .always })
        #expect(state.quickRestarts == 3)
        #expect(state.started == state.finished)
    }

    struct Quiet: CustomTestStringConvertible {
        let testDescription: String
        let own: [ContainerState]
        let isKept: Bool
    }

    @Test(arguments: [
        Quiet(testDescription: "all run", own: [container("a"), container("a", 2)], isKept: true),
        Quiet(testDescription: "none is there", own: [], isKept: false),
        Quiet(testDescription: "one has ended", own: [container("a"), container("a", 2, .exited)], isKept: false),
        Quiet(testDescription: "one is being stopped", own: [container("a", 1, .stopping)], isKept: false),
        Quiet(testDescription: "one was killed", own: [container("a") { $0.stoppedByUser = true }], isKept: false),
        Quiet(
            testDescription: "what follows its start failed since",
            own: [container("a") { $0.failed = 350 * second }], isKept: false),
        Quiet(
            testDescription: "what follows its start failed before",
            own: [container("a") { $0.failed = 250 * second }], isKept: true),
    ])
    func `who asks again for what runs has asked when he did first`(_ quiet: Quiet) {
        let before = goal { $0.requested = 300 * second }
        var asked = goal { $0.requested = now }
        asked.keepRequest(of: before, beside: quiet.own)
        #expect(asked.requested == (quiet.isKept ? 300 * second : now))
        asked.keepRequest(of: nil, beside: quiet.own)
        #expect(asked.requested == (quiet.isKept ? 300 * second : now))
    }

    @Test func `a stop lets rest what waits for its restart, and leaves a one-shot that is done as it is`() {
        let done = container("a", 1, .exited)
        var state = done
        state.rest(at: now, goal { $0.restart = .onFailure(nil) })
        #expect(state == done)
        state.exitCode = 1
        state.rest(at: now, goal { $0.restart = .onFailure(nil) })
        #expect(state.stoppedByUser)
    }
}
