// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Whatever is killed, and whenever: the store is consistent, and the next command succeeds.
@Suite struct StoreKillTests {
    /// Ends a process and those that it has started, at once.
    private func killAll(_ process: Process) {
        let id = process.processIdentifier
        var all = [id]
        var next = [id]
        while let one = next.popLast() {
            let text = (try? String(contentsOfFile: "/proc/\(one)/task/\(one)/children", encoding: .utf8)) ?? ""
            let children = text.split(separator: " ").compactMap { Int32($0) }
            all += children
            next += children
        }
        for one in all { kill(one, SIGKILL) }
        process.waitUntilExit()
    }

    @Test func `pull, load and prune survive SIGKILL at any instant`() throws {
        try Sandbox.run("kills") { box in
            let server = try RegistryServer.startHostile(in: box)
            box.must("image", "save", "-o", "busybox.tar", "busybox:1")
            let commands = [
                ["image", "pull", "127.0.0.1:\(server.port)/good:1"], ["image", "load", "-i", "busybox.tar"],
                ["image", "prune", "-af"],
            ]
            for round in 0..<51 {
                let command = commands[round % 3]
                let process = try box.start(command, output: "out")
                // A pull takes some 150 ms, the others less.
                poll(nil, 0, Int32.random(in: 0...[120, 40, 15][round % 3]))
                killAll(process)
                let check = box.trice("system", "check", "--deep")
                #expect(check.status == 0, "\(command): \(check)")
                if round % 9 == 8 {
                    for command in commands.prefix(2) {
                        let again = box.run([Sandbox.binary] + command)
                        #expect(again.status == 0, "\(command): \(again)")
                    }
                }
            }
            box.must("image", "prune", "-af")
            let left = ["blobs/sha256", "layers", "downloads", "intakes", "unfinished"].flatMap { name in
                (try? FileManager.default.contentsOfDirectory(atPath: "\(box.directory)/root/images/\(name)")) ?? []
            }
            #expect(left == [])
        }
    }

    @Test func `a layer of a gigabyte is fetched and unpacked within 64 MB of memory`() throws {
        try Sandbox.run("gigabyte") { box in
            let server = try RegistryServer.start(.open, in: box)
            // One file of a GiB that compresses well.
            try box.write(
                "import os, subprocess, tarfile\nwith open('big', 'wb') as f: f.truncate(1 << 30)\nwith tarfile.open('root.tar', 'w') as t: t.add('big')\n",
                to: "make.py")
            #expect(box.run(["/usr/bin/python3", "make.py"]).status == 0)
            box.must("image", "import", "root.tar", "localhost:\(server.port)/big:1")
            box.must("image", "push", "-q", "localhost:\(server.port)/big:1")
            box.must("image", "rm", "localhost:\(server.port)/big:1")
            // The largest of all processes that the command has waited for.
            try box.write(
                """
                import resource, subprocess, sys
                code = subprocess.call(sys.argv[1:])
                print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
                sys.exit(code)
                """, to: "peak.py")
            let pulled = box.run([
                "/usr/bin/python3", "peak.py", Sandbox.binary, "image", "pull", "-q", "localhost:\(server.port)/big:1",
            ])
            #expect(pulled.status == 0, "\(pulled)")
            let peak = pulled.lines.last?.split(separator: " ").last.flatMap { Int($0) } ?? .max
            #expect(peak < 64 << 10, "\(peak) KiB")
            box.must("image", "prune", "-af")
        }
    }
}
