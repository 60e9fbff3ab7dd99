// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Starts trice itself with a command, on the project that this process was called for.
func spawnOneself(_ words: [String], descriptors: [Int32: Int32]) throws(SystemError) -> pid_t {
    let own = Trice.split(Array(CommandLine.arguments.dropFirst())).own
    return try spawn("/proc/self/exe", own + words, descriptors: descriptors)
}

/// A command of trice's that goes on beside the dashboard.
final class BackgroundCommand {
    let words: [String]
    /// Becomes readable with what it says on standard error, and when it has ended.
    let errors: Descriptor
    private let pid: pid_t
    private var said: [UInt8] = []

    /// Of what it says, the last bytes are kept.
    private static let longest = 4096

    init(_ words: [String]) throws(SystemError) {
        self.words = words
        let pipe = try Descriptor.pipe()
        let null = try Descriptor.open("/dev/null", O_RDWR)
        errors = pipe.read
        pid = try spawnOneself(words, descriptors: [0: null.raw, 1: null.raw, 2: pipe.write.raw])
    }

    /// Takes what it has said.
    ///
    /// - Returns: nil as long as it goes on; then its exit status and the last line that it said.
    func read() throws(SystemError) -> (code: Int32, error: String)? {
        let bytes = try errors.read(upTo: 4096)
        if !bytes.isEmpty {
            said = (said + bytes).suffix(BackgroundCommand.longest)
            return nil
        }
        let lines = LogTail.printableLines(said)
        let error = lines.last { $0.contains("error:") } ?? lines.last ?? "it failed"
        return (try exitStatus(ofChild: pid).code, error)
    }
}
