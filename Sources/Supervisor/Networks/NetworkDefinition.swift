// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler
import Runtime

extension Supervisor {
    /// What the planner is to know of networks that the file defines in another way than before. One that somebody outside
    /// the project is on stays as it is.
    var changedNetworks: [String: Set<String>] {
        guard let desired = saved?.desired else { return [:] }
        var result: [String: Set<String>] = [:]
        for name in networks.names where desired.redefines(name, madeOf: networks.record(name)?.definition) {
            do {
                guard try networks.strangers(on: name).isEmpty else { continue }
                result[name] = Set(containers.values.filter { $0.record.isOn(name) }.map(\.id))
            } catch { log("network \(name) is not made again: \(error)") }
        }
        return result
    }

    /// Refuses goals that want a network made again which is not the project's services' alone.
    func checkNetworks(_ goals: Goals) throws {
        let store = NetworkStore(paths.roots)
        for name in (goals.desired.networkDefinitions ?? [:]).keys.sorted() {
            guard let record = try store.record(name), goals.desired.redefines(name, madeOf: record.definition) else {
                continue
            }
            let place = goals.project.networks.first { $0.name == record.name }?.location
            let others = try store.leases(record.name).filter { $0.project != paths.project }.map(\.project)
            guard others.isEmpty else {
                throw Failure(
                    "network \(record.key) is not as it was made, and containers of \(Set(others).sorted().joined(separator: ", ")) are on it",
                    at: place, hint: "it is made again when they are down, or off it: trice network disconnect")
            }
            let stray = containers.values.first { container in
                let isServed =
                    !container.state.isOneOff && goals.desired.services[container.record.config.service] != nil
                let goes = goals.desired.removeOrphans && !container.state.isOneOff
                return container.record.isOn(record.name) && !isServed && !goes
            }
            guard let stray else { continue }
            throw Failure(
                "network \(record.key) is not as it was made, and \(stray.record.name), which belongs to no service that comes up, is on it",
                at: place, hint: "it is made again when that container is gone: trice rm, up --remove-orphans")
        }
    }
}
