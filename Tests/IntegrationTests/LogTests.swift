// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Glibc
import Synchronization
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

    @Test(arguments: ["json-file", "local"])
    func `logs --details shows what labels, env and tag choose, as docker does`(_ driver: String) throws {
        try Sandbox.run("log-details") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    command: echo hello
                    environment: { ROLE: "front door", REGION: eu, OTHER: x }
                    labels: { com.example.team: blue, com.example.floor: "3", plain: y }
                    logging:
                      driver: \(driver)
                      options: { env: ROLE, env-regex: "^REG", labels-regex: "^com[.]example[.]", tag: "{{.Name}}" }
                """)
            box.must("up", "-d")
            let details = "REGION=eu,ROLE=front+door,com.example.floor=3,com.example.team=blue,tag=log-details-a-1"
            #expect(box.eventually { box.must("logs", "--details").out == "a-1  | \(details) hello\n" })
            #expect(box.must("logs").out == "a-1  | hello\n")
        }
    }

    @Test func `syslog gets every line in its order, whatever is killed, before the container is removed`() throws {
        try Sandbox.run("log-syslog") { box in
            let service = try LogListener("\(box.work)/service")
            try box.write(
                Self.stack(
                    "{driver: syslog, options: {syslog-address: \"unix://\(box.work)/service\", tag: \"{{.Name}}\"}}",
                    "seq 1 3000; until [ -e /tmp/go ]; do sleep 0.02; done; seq 3001 6000; echo oops >&2; exec sleep 600"
                ))
            box.must("up", "-d")
            #expect(box.eventually { service.texts.count >= 100 })
            kill(try #require(box.supervisorPID), SIGKILL)
            _ = box.exec("a", "touch", "/tmp/go")
            #expect(box.eventually { box.must("logs", "--no-log-prefix").lines.count == 6001 })
            box.must("down", "-t", "1")
            let texts = service.texts
            #expect(texts.count >= 6001 && texts.allSatisfy { $0.contains(" log-syslog-a-1[") })
            // What was sent in the moment of the kill may have come twice.
            var seen = Set<String>()
            let lines = texts.map { String($0.split(separator: " ").last ?? "") }.filter { seen.insert($0).inserted }
            #expect(lines.filter { $0 != "oops" } == (1...6000).map { "\($0)" })
            #expect(texts.last?.hasPrefix("<27>") == true && texts.first?.hasPrefix("<30>") == true)
        }
    }

    @Test func `journald is refused where no journal listens, and gets entries with their container's fields`() throws {
        try Sandbox.run("log-journal") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    command: echo hello
                    environment: { ROLE: front }
                    labels: { com.example.team: blue }
                    logging: { driver: journald, options: { env: ROLE, labels: com.example.team } }
                """)
            // A /run of its own, so that the host's journal hears nothing of it.
            func inOwnRun(_ journal: String, _ command: String) -> Outcome {
                let script = """
                    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && \(journal) &&
                    exec \(Sandbox.binary) -p log-journal \(command)
                    """
                return box.run(["/usr/bin/unshare", "-m", "/bin/sh", "-c", script])
            }
            let refused = inOwnRun("true", "up -d")
            #expect(refused.status == 1 && refused.err.contains("no journal listens at"), "\(refused)")
            #expect(refused.err.contains("compose.yaml:7:24"), "\(refused)")
            try box.makeDirectory("journal")
            let service = try LogListener("\(box.work)/journal/socket")
            let up = inOwnRun("mount --bind \(box.work)/journal /run/systemd/journal", "up -d")
            #expect(up.status == 0, "\(up)")
            #expect(box.eventually { !service.texts.isEmpty })
            let entry = Set((service.texts.first ?? "").split(separator: "\n").map(String.init))
            let expected = ["MESSAGE=hello", "PRIORITY=6", "CONTAINER_NAME=log-journal-a-1", "IMAGE_NAME=busybox:1"]
            #expect(entry.isSuperset(of: expected + ["ROLE=front", "COM_EXAMPLE_TEAM=blue"]), "\(entry)")
            #expect(box.must("logs", "--no-log-prefix").out == "hello\n")
        }
    }
}

/// A log service of the test's: a socket for datagrams, and what has come. It is there until the test's process ends.
final class LogListener: Sendable {
    private let taken = Mutex<[String]>([])

    init(_ path: String) throws {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0, "bind \(path): \(String(cString: strerror(errno)))")
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = read(socket, &buffer, buffer.count), count > 0 {
                let end = buffer[count - 1] == 10 ? count - 1 : count
                let text = String(decoding: buffer[..<end], as: UTF8.self)
                taken.withLock { $0.append(text) }
            }
        }
    }

    /// The messages, without the line break at their end.
    var texts: [String] { taken.withLock { $0 } }
}
