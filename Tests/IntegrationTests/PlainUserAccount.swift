// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// A user of this host without any rights, made for a test, and what trice does for it.
///
/// What a host of users has anyway, ranges of ids and a `/dev/net/tun` that all may open, is there as long as the account is.
struct PlainUserAccount {
    let name: String
    let box: Sandbox
    let uid, gid: String
    /// Words before each command, which root runs: what takes it to another session.
    var entry: [String] = []

    var home: String { "\(box.directory)/\(name)" }
    var root: String { "\(home)/data/trice" }
    var run: String { "\(home)/run/trice" }
    private var binary: String { "\(home)/bin/trice" }

    /// Runs the body with an account, takes down what it left up, looks for leaks, and removes it.
    static func with(_ box: Sandbox, hasIDs: Bool = true, _ body: (PlainUserAccount) throws -> Void) throws {
        let tun = try mode(of: "/dev/net/tun")
        let account = try PlainUserAccount(box, hasIDs: hasIDs)
        chmod("/dev/net/tun", 0o666)
        defer {
            chmod("/dev/net/tun", tun)
            account.must(asRoot: "/usr/sbin/userdel", account.name)
        }
        do { try body(account) } catch {
            account.takeDown()
            throw error
        }
        account.takeDown()
        account.expectNoLeak()
    }

    private init(_ box: Sandbox, hasIDs: Bool) throws {
        (self.box, name) = (box, "trice-test-\(getpid())")
        let home = "\(box.directory)/\(name)"
        func must(_ command: String...) throws {
            let outcome = box.run(command)
            if outcome.status != 0 { throw Sandbox.Trouble(description: "\(command): \(outcome)") }
        }
        try must("/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--home-dir", home, name)
        if hasIDs {
            let range = "1879048192-1879113727"
            try must("/usr/sbin/usermod", "--add-subuids", range, "--add-subgids", range, name)
        }
        for directory in ["bin", "run", "stack"] { try must("/bin/mkdir", "-p", "\(home)/\(directory)") }
        try must("/bin/cp", "-r", "\(box.directory)/config", "\(home)/config")
        let program = URL(fileURLWithPath: box.binary)
        for file in ["trice", "trice-registry"] {
            let source = program.deletingLastPathComponent().appendingPathComponent(file).path
            if FileManager.default.fileExists(atPath: source) { try must("/bin/cp", source, "\(home)/bin/\(file)") }
        }
        try must("/bin/chown", "-R", "\(name):", home)
        uid = box.run(["/usr/bin/id", "-u", name]).out.trimmingCharacters(in: .whitespacesAndNewlines)
        gid = box.run(["/usr/bin/id", "-g", name]).out.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func mode(of path: String) throws -> mode_t {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Sandbox.Trouble(description: "\(path) is not there: modprobe tun") }
        return status.st_mode & 0o7777
    }

    // MARK: Commands

    private func must(asRoot command: String...) {
        let outcome = box.run(command)
        #expect(outcome.status == 0, "\(command): \(outcome)")
    }

    /// Runs a command as the user, in its stack's directory.
    func run(_ command: [String], environment more: [String: String] = [:]) -> Outcome {
        box.run(asUser(command), environment: environment.merging(more) { $1 })
    }

    /// A command of the user's that goes on in the background.
    func start(_ command: [String]) throws -> Process {
        let words = asUser(command), process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private var environment: [String: String] {
        [
            "TRICE_ROOT": "", "TRICE_RUN": "", "HOME": home, "XDG_DATA_HOME": "\(home)/data",
            "XDG_RUNTIME_DIR": "\(home)/run", "XDG_CONFIG_HOME": "\(home)/config",
        ]
    }

    private func asUser(_ command: [String]) -> [String] {
        entry + [
            "/usr/bin/setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--inh-caps=-all", "--",
            "/usr/bin/env", "--chdir=\(home)/stack",
        ] + command
    }

    func trice(_ arguments: String..., environment more: [String: String] = [:]) -> Outcome {
        run([binary] + arguments, environment: more)
    }

    @discardableResult
    func must(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
        let outcome = run([binary] + arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome)\n\(log)", sourceLocation: sourceLocation)
        return outcome
    }

    // MARK: Files

    func write(_ text: String) throws {
        try text.write(toFile: "\(home)/stack/compose.yaml", atomically: true, encoding: .utf8)
    }

    /// Gives the user a copy of a file or directory, in its stack's directory.
    func give(_ source: String, as name: String) {
        must(asRoot: "/bin/cp", "-rT", source, "\(home)/stack/\(name)")
        must(asRoot: "/bin/chown", "-R", "\(self.name):", "\(home)/stack")
    }

    func load(_ image: String) throws {
        give(try ExampleTests.image(image), as: "\(image).tar")
        must("image", "load", "-i", "\(image).tar")
    }

    /// What holders and supervisors have written down.
    var log: String {
        box.run(["/bin/sh", "-c", "tail -n 20 \(run)/holder.log \(run)/projects/*/supervisor.log"]).out
    }

    // MARK: What is there

    /// The processes of this kind of its own, by what ps(1) shows.
    func processes(named name: String) -> [Int32] {
        alive().filter { $0.owner == uid && $0.name == name }.map(\.pid)
    }

    /// Everything that has the user's id, or one of those of its containers' users.
    private func processes() -> [String] {
        alive().filter { process in
            process.owner == uid || (1_879_048_192...1_879_113_727).contains(UInt32(process.owner) ?? 0)
        }.map { "\($0.pid) \($0.name)" }
    }

    /// All processes of the host but those that have ended and wait for their parents.
    private func alive() -> [(owner: String, pid: Int32, name: String)] {
        let list = box.run(["/bin/ps", "-e", "-o", "uid=,pid=,stat=,comm="]).out
        return list.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            guard words.count == 4, !words[2].hasPrefix("Z"), let pid = Int32(words[1]) else { return nil }
            return (words[0], pid, words[3].trimmingCharacters(in: .whitespaces))
        }
    }

    /// Takes down all projects of the user's.
    func takeDown() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/projects")) ?? [] {
            let outcome = trice("-p", name, "down", "-v", "-t", "1")
            if outcome.status != 0 { Issue.record("down of \(name): \(outcome)\n\(log)") }
        }
    }

    /// Nothing of the user's is left: processes, and files but images and locks.
    private func expectNoLeak() {
        if FileManager.default.fileExists(atPath: root) {
            let check = trice("system", "check")
            #expect(check.status == 0, "\(check)")
        }
        #expect(box.eventually { processes().isEmpty }, "processes: \(processes())\n\(log)")
        // What buildah keeps in `build` is buildah's.
        let left = box.run(
            ["/usr/bin/find", run, "-type", "f", "!", "-name", "*.lock", "!", "-path", "\(run)/build/*"])
        #expect(left.out.isEmpty || left.status != 0, "in run: \(left)")
        let records = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/projects")) ?? []
        #expect(records.isEmpty, "in root: \(records)")
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        #expect(!mounts.contains(home))
    }
}
