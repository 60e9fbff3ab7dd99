// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Runtime

extension Supervisor {
    /// This process and the launcher write down how long things take, until the client's request is done.
    func trace(_ file: Descriptor, for client: Connection) throws {
        guard traced == nil else { throw Failure("a trace of this project is being made already") }
        try launcher.trace(file)
        Trace.begin(file, as: Supervisor.traceName)
        traced = client
    }

    /// - Parameter client: one that is done, or has left.
    func endTrace(for client: Connection) {
        guard traced === client else { return }
        traced = nil
        Trace.end()
        do { try launcher.trace(nil) } catch { log("the launcher goes on with its trace: \(error)") }
    }
}
