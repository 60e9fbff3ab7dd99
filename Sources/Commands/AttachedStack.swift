// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Linux
import Reconciler
import Runtime
import Supervisor

/// `up` in the foreground: brings the stack up, prints its logs, and stops it on Ctrl-C.
struct AttachedStack {
    let bringUp: BringUp
    let services: Set<String>
    var format = LogFormat()
    var stopsOnExit = false
    var stopsOnFailure = false
    var exitCodeFrom: String?
    var timeout: Int?
    var develop: DevelopWatch?
    /// What the menu's key turns on (`UpMenu`); nil: no keys are taken.
    var makeWatch: (() throws -> DevelopWatch)?

    init(_ bringUp: BringUp, services: Set<String>) { (self.bringUp, self.services) = (bringUp, services) }

    private var paths: ProjectPaths { bringUp.paths }

    /// - Returns: the exit status: 130 after Ctrl-C.
    func run() throws -> Int32 {
        let signals = try CallerSignals([SIGINT, SIGTERM, SIGHUP])
        // Connected before anything starts, so that no end is missed.
        var events = try SupervisorClient.start(paths)
        try events.send(.events(since: nil))
        let began = realTime()
        do {
            let status = try bringUp.run(interruptedBy: signals)
            if status != 0 { return status }
        } catch is SupervisorClient.Interruption { return try giveUp(signals) }
        let printer = LogPrinter(format, names: names, since: timestamp(began))
        let watch = try FileWatch()
        var develop = develop
        try develop?.begin()
        let menu = makeWatch == nil ? nil : try UpMenu()
        menu?.explain(isWatching: develop != nil)
        var interrupts = 0
        var verdict: Int32?
        try refresh(printer, watch)
        while true {
            try printer.printNew()
            if try !isAnyActive() {
                try refresh(printer, watch)
                try printer.printNew()
                return interrupts > 0 ? 130 : verdict ?? 0
            }
            let developing = interrupts == 0 ? develop?.descriptor ?? -1 : -1
            let pressing = interrupts == 0 ? menu?.descriptor ?? -1 : -1
            var polled = [watch.descriptor.raw, events.descriptor, signals.descriptor.raw, developing, pressing].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            poll(&polled, nfds_t(polled.count), -1)
            if polled[4].revents != 0, let key = try menu?.key() {
                if key == .detach {
                    Output.standardError("Detached: the stack goes on until trice down\n")
                    return 0
                }
                develop = try toggle(develop)
                menu?.explain(isWatching: develop != nil)
                continue
            }
            if polled[3].revents != 0 { try develop?.handle() }
            if polled[0].revents != 0 { watch.drain() }
            if polled[2].revents != 0 {
                signals.drain()
                interrupts += 1
                if interrupts == 1 { Output.standardError("\nGracefully stopping… (press Ctrl-C again to force)\n") }
                try stop(force: interrupts > 1)
            }
            if polled[1].revents != 0 {
                guard let (reply, _) = try events.next() else {
                    // It was killed, and is back: what happened meanwhile stands in the records.
                    events = try SupervisorClient.start(paths)
                    try events.send(.events(since: nil))
                    try refresh(printer, watch)
                    continue
                }
                guard case .event(let event) = reply, event.kind == .container else { continue }
                if [.start, .restart].contains(event.action) { try refresh(printer, watch) }
                if event.action == .die && interrupts == 0, let code = event.exitCode, event.willRestart != true {
                    if format.prefix && services.contains(event.service) {
                        try printer.printNew()
                        Output.standardError("\(shortName(event.name)) exited with code \(code)\n")
                    }
                    if verdict == nil, stopsOnExit || (stopsOnFailure && code != 0) {
                        verdict = code
                        if exitCodeFrom != nil && exitCodeFrom != event.service { verdict = nil }
                        try stop(force: false)
                    } else if event.service == exitCodeFrom {
                        verdict = code
                    }
                }
            }
        }
    }

    /// Turns watching on or off. What keeps it from being turned on is said, and the logs go on.
    private func toggle(_ develop: DevelopWatch?) throws -> DevelopWatch? {
        if develop != nil {
            Output.standardError("Watch disabled\n")
            return nil
        }
        do {
            let watch = try makeWatch?()
            try watch?.begin()
            return watch
        } catch let failure as Failure {
            Output.standardError("\(failure.message)\n")
            return nil
        }
    }

    /// Stops what is up already, where the user does not want to wait for the rest; on a second signal kills it.
    private func giveUp(_ signals: CallerSignals) throws -> Int32 {
        Output.standardError("\nGracefully stopping… (press Ctrl-C again to force)\n")
        let request = ServiceRequest(bringUp.context, paths)
        do {
            try request.perform(.stop(services: [], timeout: timeout), interruptedBy: signals)
        } catch is SupervisorClient.Interruption {
            try request.perform(.kill(services: [], signal: SIGKILL, index: nil))
        }
        return 130
    }

    private var names: [String] {
        bringUp.project.services.filter { services.contains($0.name) }.map {
            $0.containerName ?? "\($0.name)-\(max(1, $0.replicas))"
        }
    }

    private func shortName(_ name: String) -> String {
        let prefix = "\(paths.project)-"
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    private func refresh(_ printer: LogPrinter, _ watch: FileWatch) throws {
        for record in try RecordStore(paths).current()
        where services.contains(record.config.service) && !record.state.reconciled.isOneOff {
            try printer.add(record, paths)
            try watch.add(paths.container(record.id))
        }
    }

    private func isAnyActive() throws -> Bool {
        let started = Set(
            bringUp.options.services.isEmpty ? bringUp.project.services.map(\.name) : bringUp.options.services)
        return try RecordStore(paths).current().contains {
            started.contains($0.config.service) && !$0.state.reconciled.isOneOff && $0.isActive
        }
    }

    /// Asks for the stop without waiting for it: the logs go on meanwhile.
    private func stop(force: Bool) throws {
        let client = try SupervisorClient.start(paths)
        try client.send(
            force ? .kill(services: [], signal: SIGKILL, index: nil) : .stop(services: [], timeout: timeout))
        detached.append(client)
    }

    private let detached = ClientList()
}

/// Connections whose answers nobody reads, kept open so that the supervisor goes on with what they asked for.
private final class ClientList {
    private var clients: [SupervisorClient] = []
    func append(_ client: SupervisorClient) { clients.append(client) }
}
