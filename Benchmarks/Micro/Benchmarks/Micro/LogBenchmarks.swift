// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Benchmark
import CLinux
import Glibc
import Linux
import Runtime

/// A container's standard output on its way to the log, as the supervisor has it.
private final class Output {
    private let directory: TemporaryDirectory
    private let loop: EventLoop
    private let writer: LogWriter
    private let pipe: (read: Descriptor, write: Descriptor)
    private let lines: [UInt8]
    private var taken = 0

    init() throws {
        directory = try TemporaryDirectory()
        loop = try EventLoop()
        writer = try LogWriter(
            "\(directory.path)/log", LogRotation(largest: 1 << 26, files: 2), spools: directory.path, on: loop)
        let pipe = try Descriptor.pipe()
        try check("fcntl") { trice_fcntl(pipe.read.raw, F_SETFL, Int(O_NONBLOCK)) }
        try writer.follow(pipe.read, as: "stdout")
        self.pipe = pipe
        lines = Array(repeating: Array(String(repeating: "x", count: 99).utf8) + [10], count: 500).flatMap { $0 }
    }

    /// Writes 500 lines of 100 bytes, which fit the pipe, and has them taken to the log.
    func write() throws {
        try pipe.write.writeAll(lines)
        taken = 0
        writer.onLine = { [unowned self] _ in
            taken += 1
            if taken == 500 { loop.stop() }
        }
        try loop.run()
    }
}

func logBenchmarks() {
    Benchmark("log, 500 lines of 100 bytes") { (_, output: Output) in
        try output.write()
    } setup: {
        try Output()
    }
}
