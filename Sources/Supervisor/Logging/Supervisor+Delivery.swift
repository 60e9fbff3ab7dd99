// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Reconciler
import Runtime

/// Logs on their way to a log service. A delivery lives as long as its container's record.
extension Supervisor {
    /// How long the removal of a container waits for its last lines to be taken, in nanoseconds.
    private static let longestWait: UInt64 = 10_000_000_000

    /// The delivery of the container's log, begun where there is none yet; nil where its driver is a file.
    func delivery(of container: Container) throws -> LogDelivery? {
        if let delivery = container.delivery { return delivery }
        let settings = try LogSettings(of: container.service)
        guard let service = settings.service else { return nil }
        var name = [CChar](repeating: 0, count: 256)
        try check("gethostname") { gethostname(&name, name.count - 1) }
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let delivery = try LogDelivery(
            paths.log(container.id), record: "\(paths.container(container.id))/delivered", to: service.address,
            service.format(for: container.record.config, host: host), capacity: settings.longestQueue, on: loop)
        delivery.onDone = { [unowned self, unowned container] in if !container.state.isLive { self.reconcile() } }
        container.delivery = delivery
        return delivery
    }

    /// Whether lines are on their way that the container's removal, or the supervisor's leave, would cut off. For a service
    /// that cannot be reached nobody waits.
    func isDelivering(_ container: Container) -> Bool {
        container.delivery.map { !$0.isDone && !$0.isGone } ?? false
    }

    /// Puts the removal off until the last lines are taken.
    func removeWhenDelivered(_ container: Container) {
        guard container.state.phase != .removing else { return }
        container.state.phase = .removing
        var isOver = false
        let goOn = { [unowned self, weak container] in
            guard let container, !isOver else { return }
            isOver = true
            self.finishDelivery(of: container)
            container.state.phase = .exited
            _ = self.remove(container)
            self.reconcile()
        }
        container.delivery?.onDone = goOn
        container.delivery?.onGone = goOn
        loop.schedule(after: Supervisor.longestWait, goOn)
    }

    /// What is not delivered by now goes with the container.
    func finishDelivery(of container: Container) {
        guard let delivery = container.delivery else { return }
        if !delivery.isDone { log("the last lines of \(container.record.name) were not taken by its log service") }
        delivery.stop()
        container.delivery = nil
    }
}
