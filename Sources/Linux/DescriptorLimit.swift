// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux

/// How many descriptors a process may have (RLIMIT_NOFILE, getrlimit(2)): a supervisor and a launcher need some for each
/// container, and may have as many as the hard limit allows; what they start gets the limit of who started them.
package enum DescriptorLimit {
    // Set once, in a process with a single thread.
    nonisolated(unsafe) private static var inherited: UInt64?

    /// Raises the soft limit to the hard one.
    package static func raise() throws(SystemError) {
        if inherited != nil { return }
        var soft: UInt64 = 0
        try check("setrlimit", "RLIMIT_NOFILE") { trice_raise_descriptor_limit(&soft) }
        inherited = soft
    }

    /// Goes back to what it was, in a child that becomes another program.
    package static func restore() throws(SystemError) {
        guard let inherited else { return }
        try check("setrlimit", "RLIMIT_NOFILE") { trice_limit_descriptors(inherited) }
    }
}
