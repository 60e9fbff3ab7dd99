// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime

extension Supervisor {
    func startHealthChecks(_ container: Container) {
        if let readiness = container.service.trice?.ready { return awaitReadiness(readiness, of: container) }
        guard let check = HealthCommand(container.record.config), container.record.state.process != nil else { return }
        container.state.health = .starting
        container.record.state.health = []
        container.health = HealthMonitor(check.schedule, on: loop) {
            [unowned self, unowned container] output, started, ended in
            self.probe(container, check.arguments, output, started, ended)
        } changed: { [unowned self, unowned container] health, result in
            self.probed(container, health, result)
        }
    }

    private func probe(
        _ container: Container, _ arguments: [String], _ output: Descriptor, _ started: @escaping (Int32?) -> Void,
        _ ended: @escaping (ExitStatus) -> Void
    ) {
        do {
            var process = try Specification(paths: paths, config: container.record.config).process()
            process.arguments = arguments
            process.terminal = false
            let null = try Descriptor.open("/dev/null", O_RDWR)
            try exec(process, in: container, stdio: [null, output, output]) { pid in
                started(pid)
            } onFailure: { _ in
                ended(.exited(127))
            } onEnd: { status in
                ended(status)
            }
        } catch {
            log("the health of \(container.record.name) cannot be checked: \(error)")
            loop.soon { ended(.unknown) }
        }
    }

    func probed(_ container: Container, _ health: ContainerState.Health?, _ result: HealthResult) {
        container.record.state.health = container.record.state.health.suffix(4) + [result]
        guard let health else { return }
        container.state.health = health
        nameOnNetworks(container)
        save(container)
        emit(container, health == .healthy ? .healthy : .unhealthy)
        reconcile()
    }
}

/// A service's health check, the image's where the file has none.
struct HealthCommand {
    let arguments: [String]
    let schedule: HealthTracker.Schedule

    /// Nil where there is no check, or it is disabled.
    init?(_ config: ContainerConfig) {
        let own = config.definition.healthcheck, image = config.imageConfig.healthcheck
        if own?.isDisabled == true { return nil }
        switch own?.test {
        case .exec(let arguments): self.arguments = arguments
        case .shell(let line): arguments = ["/bin/sh", "-c", line]
        case .some(.none), nil:
            guard let test = image?.test, let kind = test.first else { return nil }
            switch kind {
            case "CMD": arguments = Array(test.dropFirst())
            case "CMD-SHELL": arguments = ["/bin/sh", "-c", test.dropFirst().joined(separator: " ")]
            default: return nil
            }
        }
        func positive(_ own: TimeSpan?, _ image: Int64?) -> UInt64? {
            let value = own?.nanoseconds ?? image ?? 0
            return value > 0 ? UInt64(value) : nil
        }
        schedule = HealthTracker.Schedule(
            interval: positive(own?.interval, image?.interval) ?? 30_000_000_000,
            timeout: positive(own?.timeout, image?.timeout) ?? 30_000_000_000,
            startPeriod: positive(own?.startPeriod, image?.startPeriod) ?? 0,
            startInterval: positive(own?.startInterval, image?.startInterval),
            retries: own?.retries ?? image?.retries ?? 3)
    }
}
