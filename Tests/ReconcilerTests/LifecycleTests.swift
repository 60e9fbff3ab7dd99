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
