// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Testing

/// Runs the body with this thread in a network namespace of its own, which is gone afterwards.
func inOwnNamespace<T>(_ body: () throws -> T) throws -> T {
    let home = try Descriptor.open("/proc/thread-self/ns/net", O_RDONLY)
    try check("unshare") { trice_unshare(CLONE_NEWNET) }
    defer { #expect(trice_setns(home.raw, CLONE_NEWNET) == 0) }
    return try body()
}

/// A child process that holds the network namespace that this thread is in when it is made.
final class NamespaceHolder {
    let pid: pid_t
    private let input: Descriptor

    init() throws {
        let pipe = try Descriptor.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe.read.raw, 0)
        // The threads of tests block all signals, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let arguments = [strdup("cat"), nil]
        defer { free(arguments[0]) }
        let error = posix_spawn(&child, "/bin/cat", &actions, &attributes, arguments, nil)
        guard error == 0 else { throw SystemError("posix_spawn", errno: error) }
        (pid, input) = (child, pipe.write)
    }

    /// The child ends with its input.
    deinit {
        input.close()
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }
}

let isRoot = geteuid() == 0
