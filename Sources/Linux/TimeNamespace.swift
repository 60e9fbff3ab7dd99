// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// time_namespaces(7), which a kernel need not have.
package enum TimeNamespace {
    /// CLONE_NEWTIME, linux/sched.h; 0 where the kernel has none.
    package static let flag: Int32 = exists("/proc/self/ns/time") ? 0x80 : 0
}
