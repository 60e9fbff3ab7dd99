// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Runtime

extension Supervisor {
    /// Says who the supervisor is, for people and programs that look. Over what is there: a new file would need room, and
    /// one that comes after a kill must come up when there is none.
    func recordPID() throws(SystemError) {
        let file = try Descriptor.open(paths.supervisorPID, O_WRONLY | O_CREAT, mode: 0o600)
        let text = Array("\(getpid())\n".utf8)
        try file.writeAll(text)
        try check("ftruncate", paths.supervisorPID) { ftruncate(file.raw, off_t(text.count)) }
    }

    /// Writes the container's state to disk; where the disk does not take it, again every second until it does.
    func save(_ container: Container) {
        do {
            try records.write(container.record.state)
            if container.isUnsaved { log("the record of \(container.record.name) can be written again") }
            container.isUnsaved = false
        } catch {
            guard !container.isUnsaved else { return }
            container.isUnsaved = true
            log("the record of \(container.record.name) cannot be written: \(error)")
            saveAgain(container)
        }
    }

    private func saveAgain(_ container: Container) {
        loop.schedule(after: 1_000_000_000) { [unowned self, weak container] in
            guard let container, containers[container.id] === container, container.isUnsaved else { return }
            save(container)
            if container.isUnsaved { saveAgain(container) }
        }
    }
}
