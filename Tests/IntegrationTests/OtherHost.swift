// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Networking

/// A namespace that plays another host, at the other end of a cable from this one; both ends are up and have no address.
class OtherHost {
    let process: Process
    /// This host's end.
    let link: String
    private let box: Sandbox

    /// - Parameter prefix: another one for each cable that a test has: two letters.
    init(_ box: Sandbox, prefix: String) throws {
        self.box = box
        link = "\(prefix)\(getpid())"
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["--net", "/bin/busybox", "cat"]
        process.standardInput = Pipe()
        try process.run()
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        let pid = process.processIdentifier
        let isThere = box.eventually {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net")).map { $0 != own }
                ?? false
        }
        guard isThere else { throw Sandbox.Trouble(description: "the other host is not there") }
        try ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", "\(pid)")
        try ip("link", "set", link, "up")
        try inside("link", "set", "lo", "up")
        try inside("link", "set", "eth0", "up")
    }

    deinit {
        _ = box.run(["/sbin/ip", "link", "del", link])
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// `ip` over there.
    func inside(_ arguments: String...) throws { try check(["/sbin/ip"] + arguments, isInside: true) }

    /// `ip` here.
    func ip(_ arguments: String...) throws { try check(["/sbin/ip"] + arguments, isInside: false) }

    /// A command over there.
    func run(_ command: String...) -> Outcome { run(command) }

    private func run(_ command: [String]) -> Outcome {
        box.run(["/usr/bin/nsenter", "-t", "\(process.processIdentifier)", "-n"] + command)
    }

    private func check(_ command: [String], isInside: Bool) throws {
        let command = command.filter { !$0.isEmpty }
        let outcome = isInside ? run(command) : box.run(command)
        if outcome.status != 0 { throw Sandbox.Trouble(description: "\(command): \(outcome)") }
    }
}
