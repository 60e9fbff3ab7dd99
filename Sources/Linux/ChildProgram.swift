// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// Another program, run to its end: posix_spawnp(3).
package enum ChildProgram {
    package struct Outcome: Sendable {
        package var status: ExitStatus
        /// What it wrote to standard output and standard error together, no more than `outputLimit` bytes of it.
        package var output: [UInt8]
    }

    package enum Failure: Error, Hashable, Sendable {
        case system(SystemError)
        /// It took too long, and was killed.
        case timeout
    }

    private static let outputLimit = 1 << 20

    /// - Parameters:
    ///   - arguments: its name, which is looked for in `PATH`, and its arguments. It reads nothing on standard input.
    ///   - environment: `NAME=VALUE`.
    ///   - seconds: how long it may take.
    package static func run(_ arguments: [String], environment: [String], seconds: Int) throws(Failure) -> Outcome {
        do throws(SystemError) {
            let (reading, writing) = try Descriptor.pipe()
            let pid = try spawn(arguments, environment, output: writing)
            writing.close()
            let output = try read(reading, untilMilliseconds: milliseconds() + Int64(seconds) * 1000)
            if output == nil { kill(pid, SIGKILL) }
            var status: Int32 = 0
            try check("waitpid", "\(pid)") { waitpid(pid, &status, 0) }
            if let output { return Outcome(status: ExitStatus(waitStatus: status), output: output) }
        } catch {
            throw .system(error)
        }
        throw .timeout
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String], output: Descriptor
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
        posix_spawn_file_actions_adddup2(&actions, output.raw, 2)
        // Signals that this process blocks or ignores are no matter of the other one's.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var texts = arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in texts + variables { free(text) } }
        var pid: pid_t = 0
        // It returns the errno instead of setting it.
        let failure = posix_spawnp(&pid, arguments[0], &actions, &attributes, &texts, &variables)
        guard failure == 0 else { throw SystemError("posix_spawn", arguments[0], errno: failure) }
        return pid
    }

    /// Everything until the other side closes; nil where that takes too long.
    private static func read(_ source: Descriptor, untilMilliseconds end: Int64) throws(SystemError) -> [UInt8]? {
        var output: [UInt8] = []
        while true {
            let left = end - milliseconds()
            guard left > 0 else { return nil }
            var waiting = pollfd(fd: source.raw, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Int32(clamping: left))
            if ready < 0, errno != EINTR { throw SystemError("poll") }
            guard ready > 0 else { continue }
            let bytes = try source.read(upTo: 65_536)
            if bytes.isEmpty { return output }
            output += bytes.prefix(outputLimit - output.count)
        }
    }

    private static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
