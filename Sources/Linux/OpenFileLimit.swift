// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Synchronization

/// How many descriptors this process may have open (RLIMIT_NOFILE).
///
/// The soft limit is 1024 on many hosts, for programs that use select(2); a project of 200 services has more.
package enum OpenFileLimit {
    private static let resource = Int32(RLIMIT_NOFILE.rawValue)
    /// The soft limit before it was raised.
    private static let original = Mutex<UInt64?>(nil)

    /// Raises the soft limit to the hard one.
    package static func raise() throws(SystemError) {
        var soft: UInt64 = 0, hard: UInt64 = 0
        try check("getrlimit") { trice_getrlimit(resource, &soft, &hard) }
        let before = soft
        original.withLock { if $0 == nil { $0 = before } }
        try check("setrlimit") { trice_setrlimit(resource, hard, hard) }
    }

    /// Sets the soft limit as it was, where this process becomes another program.
    package static func restore() throws(SystemError) {
        guard let before = original.withLock({ $0 }) else { return }
        var soft: UInt64 = 0, hard: UInt64 = 0
        try check("getrlimit") { trice_getrlimit(resource, &soft, &hard) }
        try check("setrlimit") { trice_setrlimit(resource, before, hard) }
    }
}
