// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// What went through the interfaces of a network namespace since they were made, its loopback aside.
package struct InterfaceCounters: Hashable, Sendable {
    /// Bytes.
    package var received: UInt64 = 0
    package var sent: UInt64 = 0

    package init() {}

    /// Of the network namespace of a process.
    ///
    /// - Throws: ENOENT or EINVAL where the process has ended.
    package init(ofPID pid: Int32) throws(SystemError) { self.init(try readText("/proc/\(pid)/net/dev")) }

    /// - Parameter text: of `/proc/PID/net/dev` (proc(5)).
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].drop(while: { $0 == " " }) != "lo" else { continue }
            let numbers = parts[1].split(separator: " ").map { UInt64($0) ?? 0 }
            guard numbers.count >= 9 else { continue }
            received += numbers[0]
            sent += numbers[8]
        }
    }
}
