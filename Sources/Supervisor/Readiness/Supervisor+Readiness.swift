// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking
import Reconciler
import Runtime

/// `x-trice.ready`: health without a program that probes.
extension Supervisor {
    func awaitReadiness(_ readiness: Readiness, of container: Container) {
        // One that was ready when an earlier supervisor died still is.
        guard container.state.health != .healthy, let process = container.record.state.process else { return }
        let isLate = container.state.health == .unhealthy
        if !isLate {
            container.state.health = .starting
            container.record.state.health = []
        }
        do {
            let sign = try sign(readiness.sign, of: container, process.pid)
            guard process.openPidfd() != nil else { return }  // its end is told next
            let timeout = isLate ? nil : readiness.timeout?.pause
            container.readiness = try ReadinessMonitor(sign, timeout: timeout, on: loop) {
                [unowned self, unowned container] health, result in
                if health == .healthy {
                    container.logs?.onLine = nil
                    container.logSign = nil
                }
                self.probed(container, health, result)
            }
        } catch {
            let place = container.service.place("x-trice.ready")
            log("\(place): the readiness of \(container.record.name) cannot be seen: \(error)")
            let result = HealthResult(start: realTime(), end: realTime(), exitCode: -1, output: "\(error)")
            loop.soon { [unowned self, weak container] in
                if let container, container.state.phase == .running { self.probed(container, .unhealthy, result) }
            }
        }
    }

    private func sign(_ sign: Readiness.Sign, of container: Container, _ pid: Int32) throws -> any ReadinessSign {
        switch sign {
        case .port(let port): return try PortSign(port, in: NetworkNamespace(ofPID: pid), on: loop)
        case .http(let port, let path): return HTTPSign(port, path, in: try NetworkNamespace(ofPID: pid), on: loop)
        case .file(let path): return try FileSign(path, ofPID: pid, on: loop)
        case .log(let pattern):
            let sign = try container.logSign ?? LogSign(pattern)
            if let start = container.record.state.logStart { try sign.take(paths.log(container.id), from: start) }
            return sign
        }
    }
}
