// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Glibc
import Testing

/// What a program in a default container may try to get out, or to take more than its share.
@Suite struct EscapeTests {
    /// The services that the attempts want, one for each set of attributes, and what the host has for them to find.
    private struct Cage {
        /// Keys are the host's, as far as the session goes.
        static let hostKeys = "userns_mode: host, security_opt: [seccomp=unconfined]"
        let box: Sandbox
        let host: Host
        private let services: [String: String]
        private let link: String?

        init(_ box: Sandbox, _ host: Host, _ attempts: [EscapeAttempt]) throws {
            (self.box, self.host) = (box, host)
            let kinds = Set(attempts.flatMap { [$0.closed, $0.open] } + [Cage.hostKeys]).sorted()
            services = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1, "s\($0)") })
            let compiled = box.run([
                "/usr/bin/gcc", "-static", "-O1", "-o", "\(box.work)/tools/escape", EscapeTests.source,
            ])
            try #require(compiled.status == 0, "\(compiled)")
            try #require(
                box.run(["/bin/sh", "-c", "cp tools/escape tools/setuid && chmod 4755 tools/setuid"]).status == 0)
            let lines = services.map { attributes, name in
                "  \(name): { image: busybox:1, init: true, stop_grace_period: 0s, volumes: [./tools:/tools]\(attributes.isEmpty ? "" : ", ")\(attributes) }"
            }
            try box.write("services:\n" + lines.sorted().joined(separator: "\n"))
            let up = box.try_("up", "-d", environment: ["TRICE_ESCAPE": "told"])
            try #require(up.status == 0, "\(up)")
            // The bridge, which no container of its own network has.
            let check = box.trice("system", "check").out
            let tag = check.split(separator: "\n").first?.split(separator: " ").last.map(String.init) ?? "?"
            link = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net").first {
                $0.hasPrefix("tr-\(tag)")
            }
        }

        func attempt(_ command: String, in attributes: String) -> Outcome {
            let variables = (host.variables.map { $0 } + [("LINK", link ?? "none")]).flatMap { ["-e", "\($0)=\($1)"] }
            let script = "PATH=$PATH:/tools; \(command)"
            let exec = ["exec", "-T"] + variables + [services[attributes] ?? "", "sh", "-c", script]
            return box.run([Sandbox.binary, "-p", box.project] + exec)
        }
    }

    /// What is outside, and must not be found.
    private final class Host {
        let variables: [String: String]
        private let target = Process()
        private let sockets: [Int32]
        private let segment: Int32
        private let shared: String

        init(_ box: Sandbox) throws {
            let marker = "\(box.work)/marker"
            try "outside".write(toFile: marker, atomically: true, encoding: .utf8)
            try FileManager.default.createDirectory(atPath: "\(box.work)/tools", withIntermediateDirectories: true)
            target.executableURL = URL(fileURLWithPath: "/bin/sleep")
            target.arguments = ["86399"]
            try target.run()

            let tcp = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = (bind(tcp, $0, length), listen(tcp, 8), getsockname(tcp, $0, &length))
                }
            }
            let abstract = "trice-escape-\(getpid())"
            let unix = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.dropFirst().copyBytes(from: abstract.utf8) }
            withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = (bind(unix, $0, socklen_t(3 + abstract.utf8.count)), listen(unix, 8))
                }
            }
            sockets = [tcp, unix]
            let key = getpid() | 0x7700_0000
            segment = shmget(key, 4096, 0o600 | Int32(IPC_CREAT))
            shared = "/dev/shm/trice-escape-\(getpid())"
            try "outside".write(toFile: shared, atomically: true, encoding: .utf8)

            let disk = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/block").first { name in
                let file = open("/dev/\(name)", O_RDONLY | O_CLOEXEC)
                return file >= 0 && close(file) == 0
            }
            let number = try disk.map { try String(contentsOfFile: "/sys/class/block/\($0)/dev", encoding: .utf8) }
            variables = [
                "MARKER": marker, "TARGET": "\(target.processIdentifier)",
                "PORT": "\(UInt16(bigEndian: address.sin_port))",
                "ABSTRACT": abstract, "SHM": "\(key)", "SHARED": "trice-escape-\(getpid())",
                "DISK": number?.replacingOccurrences(of: ":", with: " ").trimmingCharacters(in: .newlines) ?? "7 0",
                "HOST": ProcessInfo.processInfo.hostName,
            ]
        }

        func end() {
            kill(target.processIdentifier, SIGKILL)
            target.waitUntilExit()
            for socket in sockets { close(socket) }
            shmctl(segment, IPC_RMID, nil)
            unlink(shared)
        }
    }

    private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("escape/escape.c").path

    /// Those of root here, by capabilities(7)'s numbers.
    private static let hostCapabilities: UInt64 = {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapBnd:") } ?? ""
        return UInt64(line.split(separator: "\t").last ?? "", radix: 16) ?? .max
    }()

    @Test func `nothing gets out of a default container, and each attempt would where its protection is off`() throws {
        #expect(EscapeAttempt.all.count >= 60)
        try Sandbox.run("escape") { box in
            let capabilities = EscapeTests.hostCapabilities
            let attempts = EscapeAttempt.all.filter {
                FileManager.default.fileExists(atPath: $0.needs) && capabilities >> $0.needsCapability & 1 == 1
            }
            let host = try Host(box)
            defer { host.end() }
            let cage = try Cage(box, host, attempts)
            for attempt in attempts {
                let closed = cage.attempt(attempt.command, in: attempt.closed)
                #expect(![0, 125, 126, 127].contains(closed.status), "\(attempt.name): \(closed)")
                let open = cage.attempt(attempt.openCommand ?? attempt.command, in: attempt.open)
                #expect(open.status == 0, "\(attempt.name), unprotected: \(open)")
            }
            let session = cage.attempt("escape session", in: Cage.hostKeys).out
            #expect(!session.isEmpty && session != box.run(["\(box.work)/tools/escape", "session"]).out)
        }
    }

    @Test
    func
        `a setuid program in a volume is out of reach of the host's users, and one in a bind mount is the file's to prevent`()
        throws
    {
        try Sandbox.run("setuid") { box in
            let caller = ["SUDO_UID": "4711", "SUDO_GID": "4711"]
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    command: sh -c 'for d in /volume /bind /own; do cp /bin/busybox $$d/setuid && chmod 4755 $$d/setuid; done; exec sleep 600'
                    volumes:
                      - v:/volume
                      - ./bind:/bind
                      - { type: bind, source: ./own, target: /own, x-trice: { owner: caller } }
                volumes: { v: {} }
                """)
            #expect(box.run(["/bin/sh", "-c", "mkdir bind own; chown 4711:4711 own"]).status == 0)
            #expect(box.try_("up", "-d", environment: caller).status == 0)
            #expect(box.eventually { FileManager.default.fileExists(atPath: "\(box.work)/own/setuid") })
            // Who runs the program has the rights of its owner, whatever it does.
            func owner(_ path: String) -> String {
                let script = "exec setpriv --reuid 4713 --regid 4713 --clear-groups stat -c '%u %A' \(path)"
                return box.run(["/bin/sh", "-c", script]).out
            }
            #expect(owner("\(box.directory)/root/volumes/setuid_v/_data/setuid") == "")
            #expect(owner("\(box.work)/bind/setuid") == "0 -rwsr-xr-x\n")
            #expect(owner("\(box.work)/own/setuid").hasPrefix("4711 "))
        }
    }

    @Test func `a link that a volume has in a mount's way does not lead out of the container`() throws {
        try Sandbox.run("links") { box in
            try box.write(
                """
                services:
                  before: { image: busybox:1, volumes: ["v:/v"], command: "ln -s ../../../../../../..\(box.work)/host /v/link" }
                  after: { image: busybox:1, volumes: ["v:/v", "w:/v/link/w"], command: touch /v/link/w/file }
                volumes: { v: {}, w: {} }
                """)
            #expect(box.run(["/bin/mkdir", "host"]).status == 0)
            box.must("run", "--rm", "-T", "before")
            // The mount is made where the link leads within the container, or not at all.
            _ = box.try_("run", "--rm", "-T", "after")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(box.work)/host").isEmpty)
        }
    }
}
