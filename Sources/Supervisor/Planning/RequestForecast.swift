// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler

/// What the supervisor would do about a request that names no file of a project, if all went well: each step, in the order
/// in which they begin. It refuses what the supervisor refuses. Pure.
package struct RequestForecast {
    /// What is there.
    package struct Surroundings {
        let saved: SavedProject?
        let records: [ContainerRecord]
        let present: Forecast.Present
        /// Volumes that other projects' containers have.
        let volumesOfOthers: Set<String>
        /// Why no container can be frozen.
        let absence: String?

        package init(
            saved: SavedProject?, records: [ContainerRecord], present: Forecast.Present, volumesOfOthers: Set<String>,
            absence: String?
        ) {
            (self.saved, self.records, self.present) = (saved, records, present)
            (self.volumesOfOthers, self.absence) = (volumesOfOthers, absence)
        }
    }

    package private(set) var steps: [Forecast.Change] = []
    private let surroundings: Surroundings
    private let now: UInt64

    private var records: [ContainerRecord] { surroundings.records }

    /// - Precondition: the request is none for `up`, `run` or a stream.
    package init(_ command: Request.Command, _ surroundings: Surroundings, now: UInt64) throws(Failure) {
        (self.surroundings, self.now) = (surroundings, now)
        var change = ServiceChange(surroundings.saved, beside: records.map(\.state.reconciled))
        switch command {
        case .start(let services, _):
            let names = try change.start(services, at: now)
            steps = forecast(change.saved, of: names)
        case .stop(let services, _):
            let names = try change.stop(services)
            steps = forecast(change.saved, of: names)
        case .restart(let services, _, let alone):
            let names = try change.restart(services, alone: alone, at: now)
            steps = forecast(change.saved, of: names)
        case .remove(let services, let stops, _):
            let names = try change.remove(services, stops: stops)
            let atOnce = records.filter { names.contains($0.config.service) && !$0.state.reconciled.isLive }
            steps = atOnce.map { step(.remove, $0) }
            if stops { steps += forecast(change.saved, of: names).filter { !steps.contains($0) } }
        case .kill(let services, let signal, let index):
            let names = try change.select(services)
            let reached = records.filter { record in
                names.contains(record.config.service) && (index == nil || index == record.config.number)
                    && [.running, .stopping].contains(record.state.reconciled.phase)
            }
            steps = reached.map { step(.kill, $0, "signal \(signal)") }
        case .pause(let services, let frozen):
            if let absence = surroundings.absence { throw Failure("containers cannot be paused: \(absence)") }
            let names = try change.select(services)
            let changed = records.filter { record in
                names.contains(record.config.service) && record.state.reconciled.phase == .running
                    && record.state.paused != frozen
            }
            steps = changed.map { step(frozen ? .pause : .unpause, $0) }
        case .wait(let services, _):
            let names = try change.select(services)
            let waited = records.filter { record in
                names.contains(record.config.service) && !record.state.reconciled.isOneOff
                    && record.state.reconciled.isLive
            }
            steps = waited.map { step(.wait, $0) }
        case .connect(let name, let added):
            let record = try container(name)
            try record.checkConnecting(to: added.network)
            steps = [step(.connect, record, "network \(added.network)")]
        case .disconnect(let name, let network):
            let record = try container(name)
            try record.checkDisconnecting(from: network)
            steps = [step(.disconnect, record, "network \(network)")]
        case .down(let options): steps = down(removesVolumes: options.volumes)
        case .boot: steps = boot()
        case .up, .run, .exec, .attach, .events, .status: preconditionFailure("\(command) has no steps of its own")
        }
    }

    private func down(removesVolumes: Bool) -> [Forecast.Change] {
        let project = surroundings.saved?.project
        var goals = Goals(project: project ?? Project(name: "", workingDirectory: ""), desired: Desired())
        goals.desired = surroundings.saved?.desired ?? goals.desired
        goals.desired.down = true
        var present = surroundings.present
        present.networks = present.removable.intersection(goals.project.networks.map(\.name))
        var steps = Forecast(goals, records, present, now: now).steps
        guard removesVolumes else { return steps }
        for volume in goals.project.volumes + goals.project.unusedVolumes
        where !volume.isExternal && present.volumes.contains(volume.name)
            && !surroundings.volumesOfOthers.contains(volume.name)
        {
            steps.append(Forecast.Change(action: .remove, kind: .volume, name: volume.name))
        }
        return steps
    }

    private func boot() -> [Forecast.Change] {
        guard var saved = surroundings.saved else { return [] }
        if saved.desired.down { return down(removesVolumes: false) }
        saved.desired.boot(records.map(\.state.reconciled), at: now)
        return forecast(saved, of: Set(saved.desired.services.keys))
    }

    /// The steps towards goals that are about these services.
    private func forecast(_ saved: SavedProject?, of services: Set<String>) -> [Forecast.Change] {
        guard let saved else { return [] }
        let goals = Goals(project: saved.project, desired: saved.desired)
        return Forecast(goals, records, surroundings.present, now: now).steps.filter { step in
            step.service.map { services.contains($0) } ?? true
        }
    }

    private func step(
        _ action: Forecast.Change.Action, _ record: ContainerRecord, _ reason: String? = nil
    ) -> Forecast.Change {
        Forecast.Change(
            action: action, kind: .container, name: record.name, service: record.config.service, reason: reason)
    }

    private func container(_ name: String) throws(Failure) -> ContainerRecord {
        let found = records.first { $0.name == name || (name.count >= 6 && $0.id.hasPrefix(name)) }
        guard let found else { throw Failure("no such container: \(name)") }
        return found
    }
}
