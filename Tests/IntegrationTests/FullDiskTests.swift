// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What is up while the file system of `TRICE_ROOT` or of `TRICE_RUN` has no room left.
@Suite struct FullDiskTests {
    /// Two services of which one counts in its log, and in a file of its own, and one ends when it is told.
    private static let stack = """
        services:
          writer:
            image: busybox:1
            command: sh -c 'i=0; while [ ! -e /dev/shm/end ]; do i=$$((i+1)); echo "$$i" > /dev/shm/n; echo "line $$i"; sleep 0.01; done'
          dying:
            image: busybox:1
            restart: always
            command: sh -c 'while [ ! -e /dev/shm/die ]; do sleep 0.02; done; rm /dev/shm/die; exit 3'
        """

    /// Runs the body in a sandbox with a small file system on one of its directories.
    private func run(
        _ name: String, on directory: String, _ size: String, _ body: (Sandbox, _ filler: String) throws -> Void
    ) throws {
        try Sandbox.run(name) { box in
            let place = "\(box.directory)/\(directory)"
            try? FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let mounted = box.run(["/bin/mount", "-t", "tmpfs", "-o", "size=\(size)", "trice-test", place])
            #expect(mounted.status == 0, "\(mounted)")
            defer { _ = box.run(["/bin/umount", "-l", place]) }
            let image = box.trice("image", "import", try BusyboxImage.path(), "busybox:1")
            #expect(image.status == 0, "\(image)")
            try box.write(Self.stack)
            box.must("up", "-d")
            try body(box, "\(place)/filler")
            box.must("down", "-t", "0")
        }
    }

    private func fill(_ box: Sandbox, _ filler: String) {
        let outcome = box.run(["/bin/dd", "if=/dev/zero", "of=\(filler)", "bs=4k"])
        #expect(outcome.err.contains("No space left on device"), "\(outcome)")
    }

    private func count(_ box: Sandbox) -> Int {
        Int(box.exec("writer", "cat", "/dev/shm/n").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// The container goes on, however full the disk is.
    private func expectGoesOn(_ box: Sandbox, sourceLocation: SourceLocation = #_sourceLocation) {
        let before = count(box)
        let goesOn = box.eventually { count(box) >= before + 20 }
        #expect(goesOn, "it stands at \(count(box))", sourceLocation: sourceLocation)
    }

    private func supervisorLog(_ box: Sandbox) -> String {
        (try? String(contentsOfFile: "\(box.directory)/run/projects/\(box.project)/supervisor.log", encoding: .utf8))
            ?? ""
    }

    @Test func `a full disk stops no container; the error is told, and counted in the log when there is room again`()
        throws
    {
        try run("full-root", on: "root", "32m") { box, filler in
            #expect(box.eventually { count(box) > 5 })
            fill(box, filler)
            expectGoesOn(box)
            let dying = try #require(box.pid(of: "dying"))
            _ = box.exec("dying", "touch", "/dev/shm/die")
            #expect(box.eventually { supervisorLog(box).contains("the record of full-root-dying-1 cannot be written") })
            #expect(box.eventually { supervisorLog(box).contains("a container's log cannot be written") })
            for command in [["restart", "dying"], ["run", "--rm", "-T", "writer", "true"]] {
                let outcome = box.run([box.binary, "-p", box.project] + command)
                #expect(outcome.status == 1 && outcome.err.contains("no space left on device"), "\(outcome)")
            }
            kill(try #require(box.supervisorPID), SIGKILL)
            expectGoesOn(box)

            try FileManager.default.removeItem(atPath: filler)
            #expect(box.eventually { box.must("logs", "writer").out.contains("lines are missing here") })
            box.must("up", "-d")
            #expect(box.eventually { box.pid(of: "dying").map { $0 != dying && box.isAlive($0) } ?? false })
            #expect(box.state(of: "writer") == "running" && box.state(of: "dying") == "running")
            _ = box.exec("writer", "touch", "/dev/shm/end")
            #expect(box.eventually { box.state(of: "writer") == "exited" })

            // Each line is there or counted.
            var (expected, missing) = (1, 0)
            let lines = box.must("logs", "--no-log-prefix", "writer").lines
            for line in lines {
                if let note = line.wholeMatch(of: /trice: (\d+) lines are missing here: write: no space left.*/) {
                    missing += Int(note.1) ?? 0
                    expected += Int(note.1) ?? 0
                } else {
                    #expect(line == "line \(expected)")
                    expected += 1
                }
            }
            // What was still in the pipe when there was room again is not among them.
            #expect(missing > 0)
        }
    }

    @Test func `a full file system of TRICE_RUN costs no line, and no container waits`() throws {
        try run("full-run", on: "run", "8m") { box, filler in
            #expect(box.eventually { count(box) > 5 })
            fill(box, filler)
            expectGoesOn(box)
            kill(try #require(box.supervisorPID), SIGKILL)
            expectGoesOn(box)
            _ = box.exec("writer", "touch", "/dev/shm/end")
            #expect(box.eventually { box.state(of: "writer") == "exited" })
            let lines = box.must("logs", "--no-log-prefix", "writer").lines
            #expect(lines == (1...max(1, lines.count)).map { "line \($0)" } && lines.count > 40)
            try FileManager.default.removeItem(atPath: filler)
            box.must("start", "writer")
            #expect(box.state(of: "writer") == "running" && box.state(of: "dying") == "running")
        }
    }
}
