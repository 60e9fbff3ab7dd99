// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a command did.
struct Outcome: CustomStringConvertible {
    let status: Int32
    let out: String
    let err: String

    var lines: [String] { out.split(separator: "\n").map(String.init) }
    var description: String { "status \(status)\n\(out)\(err)" }
}

/// A root of trice of its own, in a directory of its own: what a test does there disturbs nobody.
final class Sandbox: @unchecked Sendable {
    /// Why a test cannot go on.
    struct Trouble: Error, CustomStringConvertible {
        let description: String
    }

    /// The binary under test: `TRICE_BINARY`, else the release build, else the debug build.
    static let binary: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let candidates = [
            ProcessInfo.processInfo.environment["TRICE_BINARY"], "\(package)/.build/release/trice",
            "\(package)/.build/debug/trice",
        ]
        return candidates.compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "trice"
    }()

    let directory: String
    let project: String
    private var environment: [String: String]

    /// The binary that this sandbox runs.
    let binary: String

    private init(_ name: String, _ binary: String) throws {
        self.binary = binary
        guard geteuid() == 0 else {
            throw Trouble(description: "the integration tests make containers: run them as root")
        }
        directory = "/tmp/trice-test-\(getpid())-\(name)-\(UUID().uuidString.prefix(8))"
        project = name
        try FileManager.default.createDirectory(atPath: "\(directory)/work", withIntermediateDirectories: true)
        environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent",
            "LC_ALL": "C",
            "TRICE_ROOT": "\(directory)/root", "TRICE_RUN": "\(directory)/run",
            "XDG_CONFIG_HOME": "\(directory)/config",
        ]
        // No test asks a registry that is not its own.
        try FileManager.default.createDirectory(atPath: "\(directory)/config/trice", withIntermediateDirectories: true)
        try "{\"blocked\": [\"docker\("." + "io")\"]}".write(
            toFile: "\(directory)/config/trice/registries.json", atomically: true, encoding: .utf8)
        try check(trice("image", "import", "--change", "CMD sleep 600", try BusyboxImage.path(), "busybox:1"))
    }

    /// Runs the body in a new sandbox, takes down whatever it left up, and looks for leaks.
    static func run(
        _ name: String, binary: String = Sandbox.binary, _ body: (Sandbox) throws -> Void
    ) throws {
        let box = try Sandbox(name, binary)
        defer { try? FileManager.default.removeItem(atPath: box.directory) }
        do { try body(box) } catch {
            box.takeDown()
            throw error
        }
        box.takeDown()
        box.expectNoLeak()
    }

    var work: String { "\(directory)/work" }

    // MARK: Files

    func write(_ text: String, to name: String = "compose.yaml") throws {
        try text.write(toFile: "\(work)/\(name)", atomically: true, encoding: .utf8)
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(work)/\(name)", withIntermediateDirectories: true)
    }

    func read(_ name: String) -> String { (try? String(contentsOfFile: "\(work)/\(name)", encoding: .utf8)) ?? "" }

    // MARK: Commands

    /// Runs trice in the work directory. It is killed after a minute, and the test fails.
    @discardableResult
    func trice(_ arguments: String..., input: String? = nil, environment more: [String: String] = [:]) -> Outcome {
        run([binary] + arguments, input: input, environment: more)
    }

    /// Runs trice on the sandbox's project; a status other than 0 fails the test.
    @discardableResult
    func must(_ arguments: String..., input: String? = nil, sourceLocation: SourceLocation = #_sourceLocation)
        -> Outcome
    {
        let outcome = run([binary, "-p", project] + arguments, input: input)
        #expect(outcome.status == 0, "\(arguments): \(outcome)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Runs trice on the sandbox's project.
    func try_(_ arguments: String..., input: String? = nil, environment more: [String: String] = [:]) -> Outcome {
        run([binary, "-p", project] + arguments, input: input, environment: more)
    }

    /// The output of a command in a service's container.
    func exec(_ service: String, _ command: String...) -> String {
        run([binary, "-p", project, "exec", "-T", service] + command).out
    }

    /// A command that goes on in the background.
    func start(_ arguments: String..., output: String) throws -> Process {
        try start(arguments, output: output)
    }

    func start(_ arguments: [String], output: String) throws -> Process {
        let process = self.process([binary, "-p", project] + arguments, [:])
        _ = FileManager.default.createFile(atPath: "\(work)/\(output)", contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: "\(work)/\(output)")
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Waits for the end of a command that went on in the background; one that does not end is killed, and the test fails.
    func end(of process: Process, sourceLocation: SourceLocation = #_sourceLocation) {
        let inTime = eventually { !process.isRunning }
        #expect(inTime, "\(process.arguments ?? []) did not end", sourceLocation: sourceLocation)
        if !inTime { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    private func process(_ command: [String], _ more: [String: String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = environment.merging(more) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: work)
        return process
    }

    func run(_ command: [String], input: String? = nil, environment more: [String: String] = [:]) -> Outcome {
        let process = process(command, more)
        let id = UUID().uuidString
        let paths = ["in", "out", "err"].map { "\(directory)/\(id).\($0)" }
        defer { for path in paths { unlink(path) } }
        _ = FileManager.default.createFile(atPath: paths[0], contents: Data((input ?? "").utf8))
        for path in paths.dropFirst() { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardInput = FileHandle(forReadingAtPath: paths[0])
        process.standardOutput = FileHandle(forWritingAtPath: paths[1])
        process.standardError = FileHandle(forWritingAtPath: paths[2])
        do { try process.run() } catch { return Outcome(status: -1, out: "", err: "\(command[0]): \(error)") }
        let inTime = eventually(within: 60) { !process.isRunning }
        if !inTime {
            kill(process.processIdentifier, SIGKILL)
            Issue.record("\(command) did not end within a minute")
        }
        process.waitUntilExit()
        func text(_ path: String) -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }
        return Outcome(status: process.terminationStatus, out: text(paths[1]), err: text(paths[2]))
    }

    private func check(_ outcome: Outcome) throws {
        if outcome.status != 0 { throw Trouble(description: "\(outcome)") }
    }

    /// Waits until the condition holds.
    ///
    /// - Returns: false where it did not in time.
    @discardableResult
    func eventually(within seconds: Double = 15, _ condition: () -> Bool) -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while !condition() {
            if Date() > deadline { return false }
            poll(nil, 0, 5)
        }
        return true
    }

    // MARK: What is there

    struct Row: Decodable {
        let ID: String
        let Name: String
        let Service: String
        let State: String
        let Health: String
        let ExitCode: Int32
        let Status: String
    }

    func ps() -> [Row] {
        must("ps", "-a", "--format", "json").lines.compactMap {
            try? JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
    }

    func state(of service: String) -> String {
        ps().filter { $0.Service == service }.map(\.State).joined(separator: " ")
    }
    func id(of service: String) -> String { ps().first { $0.Service == service }?.ID ?? "" }

    /// The pid of the container's first process, as its record says.
    func pid(of service: String) -> Int32? { pid(ofContainer: id(of: service)) }

    func pid(ofContainer id: String) -> Int32? {
        struct State: Decodable {
            struct Identity: Decodable { let pid: Int32 }
            let process: Identity?
        }
        let path = "\(directory)/root/projects/\(project)/containers/\(id)/state.json"
        return FileManager.default.contents(atPath: path).flatMap {
            try? JSONDecoder().decode(State.self, from: $0).process?.pid
        }
    }

    var supervisorPID: Int32? { pid(in: "supervisor.pid") }

    var launcherPID: Int32? {
        struct Identity: Decodable { let pid: Int32 }
        let path = "\(directory)/run/projects/\(project)/launcher.pid"
        return FileManager.default.contents(atPath: path).flatMap {
            try? JSONDecoder().decode(Identity.self, from: $0).pid
        }
    }

    /// As if the machine had gone down and come up: every process of the root is killed at once, and what is in memory alone
    /// is gone.
    func reboot() throws {
        let supervisor = supervisorPID, launcher = launcherPID
        for pid in [supervisor, launcher].compactMap({ $0 }) { kill(pid, SIGSTOP) }
        let running = ps().compactMap { pid(of: $0.Service) }
        for pid in running + [launcher, supervisor].compactMap({ $0 }) { kill(pid, SIGKILL) }
        #expect(eventually { !(running + [launcher, supervisor].compactMap { $0 }).contains(where: isAlive) })
        try FileManager.default.removeItem(atPath: "\(directory)/run")
        let tag = trice("system", "check").out.split(separator: "\n").first?.split(separator: " ").last ?? "?"
        for link in links(with: String(tag)) { _ = run(["/sbin/ip", "link", "delete", link]) }
        _ = run(["/usr/sbin/nft", "delete", "table", "inet", "trice_\(tag)"])
        for parent in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        where FileManager.default.fileExists(atPath: "\(parent)/trice/\(tag)") {
            _ = run(["/usr/bin/find", "\(parent)/trice/\(tag)", "-depth", "-type", "d", "-delete"])
        }
    }

    func startBoot() throws -> Process {
        let process = self.process([binary, "system", "boot"], [:])
        _ = FileManager.default.createFile(atPath: "\(work)/boot.log", contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: "\(work)/boot.log")
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func pid(in file: String) -> Int32? {
        (try? String(contentsOfFile: "\(directory)/run/projects/\(project)/\(file)", encoding: .utf8)).flatMap {
            Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    func isAlive(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ")
    }

    // MARK: The end

    private func takeDown() {
        let projects = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/root/projects")) ?? []
        for name in projects {
            let outcome = run([binary, "-p", name, "down", "-v", "-t", "1"])
            if outcome.status != 0 { Issue.record("down of \(name): \(outcome)") }
        }
    }

    /// Nothing of this root is left on the host: links, nftables, cgroups, mounts, processes, files.
    private func expectNoLeak() {
        let check = trice("system", "check")
        #expect(check.status == 0, "\(check)")
        let tag = check.out.split(separator: "\n").first?.split(separator: " ").last.map(String.init) ?? "?"
        #expect(tag.count == 8, "\(check)")
        #expect(eventually { links(with: tag).isEmpty }, "links: \(links(with: tag))")
        #expect(!run(["/usr/sbin/nft", "list", "tables"]).out.contains("trice_\(tag)"))
        #expect(eventually { processes().isEmpty }, "processes: \(processes())")
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        #expect(!mounts.contains(directory))
        let below = ((try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? []) + ["."]
        for hierarchy in below {
            #expect(!FileManager.default.fileExists(atPath: "/sys/fs/cgroup/\(hierarchy)/trice/\(tag)"))
        }
        let left = ((try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/run/projects")) ?? []).filter {
            !$0.hasSuffix(".lock")
        }
        #expect(left.isEmpty, "in run: \(left)")
        let records = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/root/projects")) ?? []
        #expect(records.isEmpty, "in root: \(records)")
    }

    private func links(with tag: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")) ?? []).filter { $0.contains(tag) }
    }

    private func processes() -> [String] {
        let own = "TRICE_ROOT=\(directory)/root"
        return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { name in
            guard Int32(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/environ") else {
                return false
            }
            return String(decoding: data, as: UTF8.self).split(separator: "\0").contains { $0 == own }
        }
    }
}

/// A root file system of busybox and nothing else, as a tar archive, made once a run.
enum BusyboxImage {
    private static let made: Result<String, any Error> = Result {
        let directory = "/tmp/trice-test-busybox-\(getpid())"
        let script = """
            set -e; rm -rf \(directory); mkdir -p \(directory)/root/bin; cd \(directory)/root
            cp /bin/busybox bin/busybox
            for a in $(/bin/busybox --list); do [ $a = busybox ] || ln -s busybox bin/$a; done
            mkdir -p dev etc proc root sys tmp srv data/sub; chmod 1777 tmp; chmod 700 root
            printf 'root:x:0:0:root:/root:/bin/sh\\napp:x:1001:1001:App:/home/app:/bin/sh\\nnobody:x:65534:65534::/:/bin/sh\\n' > etc/passwd
            printf 'root:x:0:\\napp:x:1001:\\nstaff:x:2000:app\\nnogroup:x:65534:\\n' > etc/group
            echo plain > data/plain; echo deep > data/sub/deep; chown -R 1001:2000 data; chmod 750 data; ln -s plain data/link
            tar -cf ../busybox.tar --numeric-owner --sort=name .; rm -rf \(directory)/root
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Sandbox.Trouble(
                description: "the test image cannot be made: is busybox-static installed? (make setup)")
        }
        return "\(directory)/busybox.tar"
    }

    static func path() throws -> String { try made.get() }
}
