// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// How long something rests after it was done, so that what asks for it again and again is answered once for many: as long as
/// it took. Work that grows with the project would else be done anew for each of its containers.
struct Pace {
    /// What takes less, in nanoseconds, needs no rest.
    private static let short: UInt64 = 1_000_000

    /// An instant of `EventLoop.now`; 0 for no rest.
    fileprivate private(set) var rest: UInt64 = 0

    /// It is done now.
    ///
    /// - Parameter start: when it began, an instant of `EventLoop.now`.
    mutating func wasDone(since start: UInt64) {
        let end = EventLoop.now
        rest = end - start < Pace.short ? 0 : end + (end - start)
    }
}

extension EventLoop {
    /// Runs the action when the current handlers are done, or after the rest.
    func soon(pacedBy pace: Pace, _ action: @escaping () -> Void) {
        if pace.rest > EventLoop.now { schedule(at: pace.rest, action) } else { soon(action) }
    }
}
