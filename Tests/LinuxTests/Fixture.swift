// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Testing

@testable import Linux

/// A directory of its own, gone with the value.
final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/trice-unit-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { try? removeTree(path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// Runs the loop until it is stopped, and fails where nobody does that.
func serve(_ loop: EventLoop) throws {
    let guardian = loop.schedule(after: 20_000_000_000) {
        Issue.record("the loop was not stopped")
        loop.stop()
    }
    try loop.run()
    loop.cancel(guardian)
}

/// Starts a program without arguments that matter here.
func spawn(_ arguments: String...) throws -> pid_t {
    let pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    let error = posix_spawnp(&child, arguments[0], nil, nil, pointers, environ)
    if error != 0 { throw SystemError("posix_spawn", arguments[0], errno: error) }
    return child
}

let isRoot = geteuid() == 0
