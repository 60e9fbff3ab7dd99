// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Reconciler
import Runtime

/// Probes a running container's health by running its check inside, and keeps what came out.
final class HealthMonitor {
    /// Docker keeps so much of a probe's output, and so many results.
    private static let longestOutput = 4096
    private static let keptResults = 5

    /// Starts the check's process; calls back with its pid when it runs, or nil.
    typealias Start = (
        _ output: Descriptor, _ started: @escaping (Int32?) -> Void, _ ended: @escaping (ExitStatus) -> Void
    ) -> Void

    private let loop: EventLoop
    private let schedule: HealthTracker.Schedule
    private let start: Start
    private let changed: (ContainerState.Health?, HealthResult) -> Void
    private var tracker: HealthTracker
    private var timer: EventLoop.Timer?
    private var deadline: EventLoop.Timer?
    private var pid: Int32?
    private var timedOut = false
    private var results: [HealthResult] = []
    private var stopped = false

    /// - Parameters:
    ///   - health: the health on record, for a container that was taken over while it ran.
    ///   - changed: called after each probe, with the new health where it is another one.
    init(
        _ schedule: HealthTracker.Schedule, on loop: EventLoop, start: @escaping Start,
        changed: @escaping (ContainerState.Health?, HealthResult) -> Void
    ) {
        (self.schedule, self.loop, self.start, self.changed) = (schedule, loop, start, changed)
        tracker = HealthTracker(schedule, start: EventLoop.now)
        loop.soon { [weak self] in self?.probe() }
    }

    /// No probe is started any more; a running one ends with its container.
    func stop() {
        stopped = true
        for timer in [timer, deadline].compactMap({ $0 }) { loop.cancel(timer) }
    }

    private func probe() {
        guard !stopped else { return }
        timer = nil
        timedOut = false
        let began = realTime()
        do {
            let output = try Descriptor.pipe(flags: O_NONBLOCK)
            deadline = loop.schedule(after: schedule.timeout) { [weak self] in self?.timeOut() }
            start(output.write) { [weak self] pid in
                self?.pid = pid
            } _: { [weak self] status in
                self?.ended(status, began: began, output: output.read)
            }
            output.write.close()
        } catch {
            log("a health check cannot be started: \(error)")
            timer = loop.schedule(after: schedule.interval) { [weak self] in self?.probe() }
        }
    }

    /// The probe leads a session of its own, so its process group holds its children too.
    private func timeOut() {
        deadline = nil
        timedOut = true
        if let pid { kill(-pid, SIGKILL) }
    }

    private func ended(_ status: ExitStatus, began: UInt64, output: Descriptor) {
        if let deadline { loop.cancel(deadline) }
        (deadline, pid) = (nil, nil)
        guard !stopped else { return }
        var bytes = [UInt8](repeating: 0, count: HealthMonitor.longestOutput)
        let count = max(0, Glibc.read(output.raw, &bytes, bytes.count))
        var text = String(decoding: bytes[..<count], as: UTF8.self)
        if timedOut {
            text =
                "Health check exceeded timeout (\(schedule.timeout / 1_000_000) ms)" + (text.isEmpty ? "" : ": \(text)")
        }
        let result = HealthResult(start: began, end: realTime(), exitCode: timedOut ? -1 : status.code, output: text)
        let differs = tracker.probed(success: !timedOut && status == .exited(0), at: EventLoop.now)
        changed(differs ? tracker.health : nil, result)
        guard !stopped else { return }
        timer = loop.schedule(at: tracker.nextProbe) { [weak self] in self?.probe() }
    }
}
