// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Reconciler
import Runtime

/// The records of one project on disk. Readers need no supervisor.
package struct RecordStore: Sendable {
    package let paths: ProjectPaths

    package init(_ paths: ProjectPaths) { self.paths = paths }

    /// The records that can be read; a directory without a whole record is what a kill during creation left, and is
    /// named in `unreadable`.
    ///
    /// - Parameter type: how much of them.
    package func load<Record: StoredContainer>(_ type: Record.Type = ContainerRecord.self) throws -> (
        records: [Record], unreadable: [String]
    ) {
        guard exists(paths.containers) else { return ([], []) }
        var records: [Record] = []
        var unreadable: [String] = []
        for id in try listDirectory(paths.containers) {
            let directory = paths.container(id)
            do {
                let config = try decodeJSON(Record.Config.self, from: readFile("\(directory)/config.json"))
                records.append(Record(config: config, storedState: try state(in: directory)))
            } catch {
                unreadable.append(id)
            }
        }
        // By what is the same for all types: the compiler makes a faster sort of that.
        let order = records.map { ($0.config.service, $0.config.number, $0.config.created) }
        return (records.indices.sorted { order[$0] < order[$1] }.map { records[$0] }, unreadable)
    }

    /// Nil where nothing has happened to the container since it was made.
    private func state<State: StoredState>(in directory: String) throws -> State? {
        do {
            return try decodeJSON(State.self, from: readFile("\(directory)/state.json"))
        } catch let error as SystemError where error.errno == ENOENT { return nil }
    }

    package func write(_ config: ContainerConfig) throws {
        try writeAtomically("\(paths.container(config.id))/config.json", encodeJSON(config), durable: false)
    }

    package func write(_ state: ContainerRecordState) throws {
        try writeAtomically("\(paths.container(state.reconciled.id))/state.json", encodeJSON(state), durable: false)
    }

    package func remove(_ id: String) throws(SystemError) {
        try BoundedDirectory(paths.disk(id)).release()
        try removeTree(paths.container(id))
    }

    package func loadDesired() throws -> SavedProject? {
        do {
            return try decodeJSON(SavedProject.self, from: readFile(paths.desired))
        } catch let error as SystemError where error.errno == ENOENT {
            return nil
        }
    }

    /// - Parameter desired: as `SavedProjectEncoding` makes it.
    func write(desired text: [UInt8]) throws(SystemError) {
        try makeDirectories(paths.state, mode: 0o700)
        try writeAtomically(paths.desired, text, durable: true)
    }
}

extension ContainerRecord {
    /// Names of volumes that containers of the root's other projects have.
    package static func volumesInUse(_ roots: Roots, besides project: String) throws -> Set<String> {
        var names = Set<String>()
        for other in try ProjectPaths.all(roots) where other.project != project {
            for record in try RecordStore(other).load().records { names.formUnion(record.config.volumes.values) }
        }
        return names
    }
}

extension RecordStore {
    /// The project is down: nothing is desired any more.
    func removeDesired() throws(SystemError) { try removeTree(paths.desired) }
}
