// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Glibc

/// The binary under test: `TRICE_BINARY`, else the release build.
enum Binary {
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let path = ProcessInfo.processInfo.environment["TRICE_BINARY"] ?? "\(package)/.build/release/trice"

    static var exists: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// How a run ended.
    struct Run {
        var status: Int32
        /// Standard output and standard error.
        var output: String
    }

    /// Runs a program to its end, in `directory`, and waits for it.
    static func run(_ arguments: [String], in directory: String) throws -> Run {
        let log = directory + "/output-\(UUID().uuidString)"
        defer { unlink(log) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let arguments = ["/usr/bin/env", "-C", directory] + arguments
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("PATH=/usr/bin:/bin"), strdup("HOME=/nonexistent"), nil,
        ]
        defer { for variable in variables { free(variable) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, arguments[0], &actions, nil, &words, &variables)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .ENOENT) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return Run(
            status: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F,
            output: try String(contentsOfFile: log, encoding: .utf8))
    }
}

/// A directory that goes with the value.
final class Scratch {
    let directory = "/tmp/trice-conformance-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            print("\(directory) stays: \(error)")
        }
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
    }
}
