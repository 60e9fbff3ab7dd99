// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// A system call that failed: which one, on what, and the errno.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call's name as its man page has it: `mount`, `openat`.
    package var call: String
    /// What it was called on: a path, an interface, a pid. Empty where there is nothing to name.
    package var subject: String
    /// errno(3), taken at once after the call.
    package var errno: Int32

    package init(_ call: String, _ subject: String = "", errno: Int32 = Glibc.errno) {
        self.call = call
        self.subject = subject
        self.errno = errno
    }

    /// The errno's symbolic name, such as `ENOENT`.
    package var name: String { errnoName(errno) }

    package var description: String {
        "\(call)\(subject.isEmpty ? "" : " \(subject)"): \(errnoText(errno)) (\(name))"
    }
}

/// `ENOENT` for 2; `errno 4711` for a number that the C library does not know.
package func errnoName(_ number: Int32) -> String {
    trice_errno_name(number).map { String(cString: $0) } ?? "errno \(number)"
}

/// strerror(3) in the C locale, beginning in lower case to stand inside a sentence.
package func errnoText(_ number: Int32) -> String {
    let text = String(cString: strerror(number))
    return text.prefix(1).lowercased() + text.dropFirst()
}

/// Runs a system call that returns -1 with errno set on failure; retries EINTR.
///
/// - Throws: `SystemError` with the call's name and subject.
@discardableResult
package func check<T: FixedWidthInteger>(
    _ call: String, _ subject: @autoclosure () -> String = "", _ body: () -> T
) throws(SystemError) -> T {
    #if FAULT_POINTS
        try FaultPoint.reach(call)
    #endif
    let start = Trace.now
    while true {
        let result = body()
        if result != -1 {
            if start > 0 { Trace.recordCall(call, subject(), since: start) }
            return result
        }
        let number = Glibc.errno
        if number == EINTR { continue }
        if start > 0 { Trace.recordCall(call, subject(), since: start) }
        throw SystemError(call, subject(), errno: number)
    }
}
