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
            let null = try Descriptor.open("/dev/null", O_RDONLY)
            let pid = try spawn(
                arguments[0], Array(arguments.dropFirst()), environment: environment,
                descriptors: [0: null.raw, 1: writing.raw, 2: writing.raw])
            writing.close()
            let output = try read(reading, untilMilliseconds: milliseconds() + Int64(seconds) * 1000)
            if output == nil { kill(pid, SIGKILL) }
            let status = try exitStatus(ofChild: pid)
            if let output { return Outcome(status: status, output: output) }
        } catch {
            throw .system(error)
        }
        throw .timeout
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
