// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// Starts a program (posix_spawn(3)), which also a process with threads may do.
///
/// - Parameters:
///   - program: looked for in `$PATH` where it has no slash.
///   - arguments: without the program's name.
///   - environment: `NAME=VALUE`; nil for this process's own.
///   - descriptors: what the child's descriptors are, by number; it has 0 to 2 of this process besides.
///   - place: the child's working directory; nil for this process's own.
/// - Returns: the child's pid.
/// - Throws: `SystemError`; ENOENT where there is no such program.
package func spawn(
    _ program: String, _ arguments: [String], environment: [String]? = nil, descriptors: [Int32: Int32] = [:],
    in place: String? = nil
) throws(SystemError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, source) in descriptors.sorted(by: { $0.key < $1.key }) {
        posix_spawn_file_actions_adddup2(&actions, source, target)
    }
    if let place { trice_spawn_chdir(&actions, place) }
    // Signals that this process blocks or ignores are no concern of the program's.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, defaults) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&defaults)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var pid: pid_t = 0
    let failure = withCStrings([program] + arguments) { arguments in
        guard let environment else { return posix_spawnp(&pid, program, &actions, &attributes, arguments, environ) }
        return withCStrings(environment) { posix_spawnp(&pid, program, &actions, &attributes, arguments, $0) }
    }
    if failure != 0 { throw SystemError("posix_spawn", program, errno: failure) }
    return pid
}

/// Waits until a child of this process has ended, and reaps it: waitpid(2).
package func exitStatus(ofChild child: pid_t) throws(SystemError) -> ExitStatus {
    var status: Int32 = 0
    try check("waitpid", "\(child)") { waitpid(child, &status, 0) }
    return ExitStatus(waitStatus: status)
}

/// The strings as a NULL-terminated `char *const []` for the time of the call.
package func withCStrings<T>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
}
