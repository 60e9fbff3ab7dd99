// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Testing

/// `logging`: rotation, compression, and what reads through it.
@Suite struct LogTests {
    private static func stack(_ logging: String, _ script: String) -> String {
        """
        services:
          a:
            image: busybox:1
            init: true
            command: ["sh", "-c", "\(script)"]
            logging: \(logging)
        """
    }

    /// The names of the files of a service's log.
    private func files(_ box: Sandbox, _ service: String) -> [String] {
        let directory = "\(box.directory)/root/projects/\(box.project)/containers/\(box.id(of: service))"
        return box.run(["/bin/ls", directory]).lines.filter { $0.hasPrefix("log") }
    }

    @Test func `a rotated log is read through all its files, compressed ones too`() throws {
        try Sandbox.run("log-rotation") { box in
            let logging = "{driver: local, options: {max-size: 20k, max-file: 50}}"
            try box.write(Self.stack(logging, "seq 1 5000; sleep 100"))
            box.must("up", "-d")
            let all = (1...5000).map { "\($0)" }
            #expect(box.eventually { box.must("logs", "--no-log-prefix").lines.last == "5000" })
            #expect(box.must("logs", "--no-log-prefix").lines == all)
            #expect(
                box.eventually { files(box, "a").filter { !$0.hasSuffix(".gz") }.count == 1 }, "\(files(box, "a"))")
            #expect(files(box, "a").count > 5)
            #expect(box.must("logs", "--no-log-prefix").lines == all)
            for count in [1, 300, 1234, 4999, 6000] {
                #expect(box.must("logs", "--no-log-prefix", "--tail", "\(count)").lines == all.suffix(count))
            }
            let stamped = box.must("logs", "-t", "--no-log-prefix").lines.map {
                $0.split(separator: " ").map(String.init)
            }
            let cut = stamped[1000][0]
            let later = stamped.filter { $0[0] >= cut }.map { $0[1] }
            #expect(box.must("logs", "--no-log-prefix", "--since", cut).lines == later)
            #expect(box.must("logs", "--no-log-prefix", "--until", cut).lines == all.dropLast(later.count))
        }
    }

    @Test func `max-file bounds the files, and the newest lines are kept`() throws {
        try Sandbox.run("log-bound") { box in
            let logging = "{options: {max-size: '10k', max-file: '3'}}"
            try box.write(Self.stack(logging, "seq 1 5000; sleep 100"))
            box.must("up", "-d")
            #expect(box.eventually { box.must("logs", "--no-log-prefix").lines.last == "5000" })
            let names = files(box, "a")
            #expect(names.count == 3, "\(names)")
            let kept = box.must("logs", "--no-log-prefix").lines.compactMap { Int($0) }
            #expect(kept.count > 400 && kept == Array((5001 - kept.count)...5000))
        }
    }

    @Test func `a follower loses and doubles nothing while the log rotates and its supervisor is killed`() throws {
        try Sandbox.run("log-follow") { box in
            let logging = "{options: {max-size: 200k, max-file: 1000, compress: 'true'}}"
            let script = "for i in $$(seq 1 60); do seq $$((i * 1000 + 1)) $$((i * 1000 + 1000)); sleep 0.02; done"
            try box.write(
                Self.stack(logging, "until [ -e /w/go ]; do sleep 0.01; done; \(script)") + "\n    volumes: ['.:/w']")
            box.must("up", "-d")
            let follower = try box.start("logs", "-f", "--no-log-prefix", output: "followed")
            try box.write("", to: "go")
            for part in 1...12 {
                let mark = "\n\(part * 4000)\n"
                #expect(box.eventually { box.read("followed").contains(mark) }, "\(mark)")
                let supervisor = try #require(box.supervisorPID)
                kill(supervisor, SIGKILL)
                #expect(box.eventually { box.supervisorPID.map { $0 != supervisor && box.isAlive($0) } ?? false })
            }
            box.end(of: follower)
            let all = (1001...61000).map { "\($0)" }
            #expect(box.read("followed").split(separator: "\n").map(String.init) == all)
            #expect(box.must("logs", "--no-log-prefix").lines == all)
        }
    }

    @Test func `the driver none keeps nothing, and logs say so`() throws {
        try Sandbox.run("log-none") { box in
            try box.write(Self.stack("{driver: none}", "echo unheard; exit 3"))
            box.must("up", "-d")
            #expect(box.eventually { box.state(of: "a") == "exited" })
            let outcome = box.must("logs")
            #expect(outcome.out == "")
            #expect(outcome.err.contains("a-1 keeps no log: its logging.driver is none (compose.yaml:6:"))
            #expect(files(box, "a") == [])
        }
    }
}
