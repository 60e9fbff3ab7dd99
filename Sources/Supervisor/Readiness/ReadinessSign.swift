// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// What shows that a service is ready, and where it is looked for.
protocol ReadinessSign: AnyObject {
    /// What has come true when it is seen.
    var meaning: String { get }

    /// Looks from now on, and calls back once, when it is there; perhaps before it returns.
    func await(_ seen: @escaping () -> Void) throws
    func stop()
}

/// An attempt that is made at once, and again after pauses that double.
final class RepeatedAttempt {
    private static let firstPause: UInt64 = 1_000_000

    private let loop: EventLoop
    private let longestPause: UInt64
    private let attempt: () -> Void
    private var pause = RepeatedAttempt.firstPause
    private var timer: EventLoop.Timer?

    /// - Parameters:
    ///   - longestPause: in nanoseconds.
    ///   - attempt: calls `again()` where it has failed.
    init(longestPause: UInt64, on loop: EventLoop, _ attempt: @escaping () -> Void) {
        (self.longestPause, self.loop, self.attempt) = (longestPause, loop, attempt)
    }

    func again() {
        timer = loop.schedule(after: pause) { [unowned self] in self.attempt() }
        pause = min(pause * 2, longestPause)
    }

    func stop() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }
}
