// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Netlink
import Testing

@testable import Networking

/// Runs the body with this thread in a network namespace of its own, which is gone afterwards.
func inOwnNamespace<T>(_ body: () throws -> T) throws -> T {
    let home = try Descriptor.open("/proc/thread-self/ns/net", O_RDONLY)
    try check("unshare") { trice_unshare(CLONE_NEWNET) }
    defer { #expect(trice_setns(home.raw, CLONE_NEWNET) == 0) }
    return try body()
}

/// A program that runs in the network namespace that this thread is in when it is made, and ends with its input.
final class Child {
    let pid: pid_t
    private let input: Descriptor
    private let output: Descriptor
    private(set) var status: Int32 = 0
    private var waited = false

    init(_ arguments: [String]) throws {
        let input = try Descriptor.pipe()
        let output = try Descriptor.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.read.raw, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write.raw, 1)
        posix_spawn_file_actions_adddup2(&actions, output.write.raw, 2)
        // The threads of tests block all signals, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let error = posix_spawnp(&child, arguments[0], &actions, &attributes, pointers, environ)
        guard error == 0 else { throw SystemError("posix_spawn", arguments[0], errno: error) }
        (pid, self.input, self.output) = (child, input.write, output.read)
    }

    /// What the program wrote until its end.
    func finish() throws -> String {
        input.close()
        var bytes: [UInt8] = []
        while true {
            let part = try output.read(upTo: 65536)
            if part.isEmpty { break }
            bytes += part
        }
        wait()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the program ends with 0.
    func succeeds() throws -> Bool {
        _ = try finish()
        return status == 0
    }

    private func wait() {
        if waited { return }
        waited = true
        waitpid(pid, &status, 0)
    }

    deinit {
        input.close()
        kill(pid, SIGKILL)
        wait()
    }

    /// Holds the namespace and does nothing.
    static func holder() throws -> Child { try Child(["cat"]) }
}

/// Runs a program to its end and gives what it wrote.
@discardableResult
func run(_ arguments: String...) throws -> String { try Child(arguments).finish() }

/// The namespace of a container: made by a child that stays in it, while this thread returns to where it was.
func makeContainer() throws -> Child { try inOwnNamespace { try Child.holder() } }

let isRoot = geteuid() == 0
