// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Testing

@Suite struct ChildProgramTests {
    @Test("What a program says on both streams is kept, with how it ended")
    func output() throws {
        let script = "echo $WORD; echo err >&2; read -r line || echo end; exit 3"
        let outcome = try ChildProgram.run(
            ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin", "WORD=out"], seconds: 60)
        #expect(outcome.status == .exited(3))
        #expect(String(decoding: outcome.output, as: UTF8.self) == "out\nerr\nend\n")
    }

    @Test("A program that ends by a signal")
    func signal() throws {
        let outcome = try ChildProgram.run(["sh", "-c", "kill -TERM $$"], environment: [], seconds: 60)
        #expect(outcome.status == .signaled(SIGTERM))
    }

    @Test("A program that is not there")
    func missing() {
        let failure = #expect(throws: ChildProgram.Failure.self) {
            try ChildProgram.run(["no-such-program"], environment: [], seconds: 60)
        }
        #expect(failure == .system(SystemError("posix_spawn", "no-such-program", errno: ENOENT)))
    }

    @Test("A program that takes too long is killed")
    func timeout() {
        let failure = #expect(throws: ChildProgram.Failure.self) {
            try ChildProgram.run(["sleep", "3600"], environment: [], seconds: 0)
        }
        #expect(failure == .timeout)
    }

    @Test("Of endless output only the beginning is kept")
    func flood() throws {
        let outcome = try ChildProgram.run(
            ["head", "-c", "3000000", "/dev/zero"], environment: [], seconds: 60)
        #expect(outcome.status == .exited(0))
        #expect(outcome.output.count == 1 << 20)
    }
}
