// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Reconciler
import Runtime

/// Waits until a running container shows that it is ready, which it then is for as long as it runs.
final class ReadinessMonitor {
    private let sign: any ReadinessSign
    private let loop: EventLoop
    private let began = realTime()
    private let changed: (ContainerState.Health, HealthResult) -> Void
    private var deadline: EventLoop.Timer?
    private var isOver = false

    /// - Parameters:
    ///   - timeout: nanoseconds after which it is unhealthy until it is ready; nil: never.
    ///   - changed: called with each new health, after this.
    init(
        _ sign: any ReadinessSign, timeout: UInt64?, on loop: EventLoop,
        changed: @escaping (ContainerState.Health, HealthResult) -> Void
    ) throws {
        (self.sign, self.loop, self.changed) = (sign, loop, changed)
        deadline = timeout.map { timeout in loop.schedule(after: timeout) { [weak self] in self?.isLate(timeout) } }
        // After whoever calls has this monitor.
        try sign.await { [weak self] in loop.soon { self?.isReady() } }
    }

    func stop() {
        isOver = true
        if let deadline { loop.cancel(deadline) }
        sign.stop()
    }

    private func isReady() {
        guard !isOver else { return }
        stop()
        tell(.healthy, 0, sign.meaning)
    }

    private func isLate(_ timeout: UInt64) {
        deadline = nil
        tell(.unhealthy, -1, "not ready after \(timeout / 1_000_000) ms; it is when \(sign.meaning)")
    }

    private func tell(_ health: ContainerState.Health, _ exitCode: Int32, _ output: String) {
        changed(health, HealthResult(start: began, end: realTime(), exitCode: exitCode, output: output))
    }
}
