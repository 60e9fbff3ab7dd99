// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Linux
import Reconciler
import Runtime
import Supervisor

extension RecordStore {
    /// The records as they are: a living supervisor's word holds; without one, a process that is gone has ended, nobody
    /// knows how.
    ///
    /// - Parameter type: how much of them.
    func current<Record: StoredContainer>(_ type: Record.Type = ContainerRecord.self) throws -> [Record] {
        let records = try load(type).records
        if try isSupervised { return records }
        return records.map { record in
            guard record.state.reconciled.isLive,
                record.state.process.map({ ProcessIdentity(runningPID: $0.pid) != $0 }) ?? true
            else { return record }
            var ended = record
            ended.state.reconciled.phase = .exited
            ended.state.reconciled.exitCode = ExitStatus.unknown.code
            return ended
        }
    }

    /// Whether the project's launcher lives, which starts its supervisor again whenever that dies.
    private var isSupervised: Bool {
        get throws {
            do {
                return try decodeJSON(ProcessIdentity.self, from: readFile(paths.launcherPID)).openPidfd() != nil
            } catch let error as SystemError where error.errno == ENOENT {
                return false
            }
        }
    }

    /// Whether the project has no container on record.
    var isEmpty: Bool { get throws { try load().records.isEmpty && !exists(paths.desired) } }

    /// The records of these services, or of all.
    ///
    /// - Throws: `Failure` for a service that neither has a container nor stands in the file.
    func chosen<Record: StoredContainer>(
        _ services: [String], _ context: Context, _ type: Record.Type = ContainerRecord.self
    ) throws -> [Record] {
        let records = try current(type)
        if services.isEmpty { return records }
        for name in services where !records.contains(where: { $0.config.service == name }) {
            let inFile = try context.projectIfThere()?.service(name) != nil
            if !inFile { throw Failure("no such service: \(name)") }
        }
        return records.filter { services.contains($0.config.service) }
    }

    /// A replica of a service, whether it runs or not.
    ///
    /// - Throws: `Failure` where there is none of that number.
    func replica(_ index: Int, of service: String, _ context: Context) throws -> ContainerRecord {
        let records = try chosen([service], context)
        guard let record = records.first(where: { $0.config.number == index && !$0.state.reconciled.isOneOff }) else {
            throw Failure("service \"\(service)\" has no container with index \(index)")
        }
        return record
    }
}

extension ContainerRecord {
    /// As those of its outline.
    var isActive: Bool { outline.isActive }
    var stateWord: String { outline.stateWord }
}

extension ContainerOutline {
    /// Whether it runs, or its restart policy will start it again.
    var isActive: Bool {
        let state = self.state.reconciled
        return state.phase == .exited ? restartsSoon : state.isLive
    }

    private var restartsSoon: Bool {
        RestartBackOff.restartTime(of: state.reconciled, RestartRule(of: config.definition)) != nil
    }

    /// Docker's word for its state.
    var stateWord: String {
        let state = self.state.reconciled
        switch state.phase {
        case .created, .failed: return state.phase == .failed && state.started > 0 ? "exited" : "created"
        case .starting: return state.started > 0 ? "restarting" : "created"
        case .running, .stopping: return self.state.paused ? "paused" : "running"
        case .exited: return restartsSoon ? "restarting" : "exited"
        case .removing: return "removing"
        }
    }
}

extension Context {
    /// The project of the files, or nil where there are none.
    func projectIfThere() throws -> Project? {
        do throws(LoadError) { return try load(loadRequest()) } catch {
            if case .noConfigurationFile = error { return nil }
            return try project()
        }
    }
}
