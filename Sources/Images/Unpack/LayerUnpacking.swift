// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Core
import Glibc
import Linux

/// A layer that is being unpacked by a process of its own (`UnpackProcess`), which is fed here.
///
/// Layers of an image can be unpacked side by side; what one takes from those below it is settled at the end, in order.
///
/// One task at a time uses it (so it is sent from one to the next without a lock).
package final class LayerUnpacking: @unchecked Sendable {
    /// Where it is unpacked to.
    package let directory: String
    private let process: pid_t
    private var input: Descriptor?
    private let output: Descriptor
    private var isReaped = false

    /// - Parameters:
    ///   - directory: made anew.
    ///   - program: the executable that has the role: this one, but for tests.
    ///   - limit: how many bytes it may write.
    init(into directory: String, program: String, limit: Int64) throws {
        try removeTree(directory)
        try makeDirectories(directory)
        try check("chmod", directory) { chmod(directory, 0o755) }
        let (input, output) = (try Descriptor.pipe(), try Descriptor.pipe())
        // A larger pipe is a courtesy of the kernel: fcntl(2), F_SETPIPE_SZ.
        trice_fcntl(input.write.raw, trice_f_setpipe_sz, 1 << 20)
        self.directory = directory
        process = try spawn(
            program, [UnpackProcess.argument, directory, "\(limit)"], environment: [],
            descriptors: [0: input.read.raw, 1: output.write.raw])
        (self.input, self.output) = (input.write, output.read)
    }

    deinit { if !isReaped { end() } }

    /// Gives it the next bytes of the blob, waiting where it is behind.
    ///
    /// - Throws: `Failure` where it has refused the layer.
    package func feed(_ bytes: UnsafeRawBufferPointer) throws {
        do throws(SystemError) { try input?.writeAll(bytes) } catch { try explain(error) }
    }

    /// All of the blob has been given: it can come to its end beside what else goes on.
    package func closeInput() { input = nil }

    /// Gives it a whole blob.
    package func feed(contentsOf path: String) throws {
        let file = try Descriptor.open(path, O_RDONLY)
        while let input {
            let count = trice_send_file(file.raw, input.raw, 1 << 20)
            if count == 0 { return }
            if count < 0 { try explain(SystemError("sendfile", path)) }
        }
    }

    /// The process does not read on: what it has said tells why.
    private func explain(_ error: SystemError) throws {
        guard error.errno == EPIPE else { throw error }
        _ = try finish()
        throw Failure("the process that unpacks it stopped reading")
    }

    /// Waits for the end of the unpacking.
    ///
    /// - Returns: what came out.
    /// - Throws: `Failure` where the layer is refused, or the process was killed.
    func finish() throws -> UnpackReport {
        input = nil
        var text: [UInt8] = []
        while true {
            let part = try output.read(upTo: 1 << 16)
            if part.isEmpty { break }
            text += part
            if text.count > UnpackReport.longest { throw Failure("the process that unpacks it says too much") }
        }
        let status = try reap()
        guard !text.isEmpty else { throw Failure("the process that unpacks it ended \(status)") }
        let report = try decodeJSON(UnpackReport.self, from: text)
        if let refusal = report.refusal { throw Failure(refusal) }
        return report
    }

    private func reap() throws(SystemError) -> String {
        var status: Int32 = 0
        isReaped = true
        try check("waitpid") { waitpid(process, &status, 0) }
        if trice_wifsignaled(status) != 0 { return "by signal \(trice_wtermsig(status))" }
        return "with status \(trice_wexitstatus(status))"
    }

    private func end() {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// Gives the unpacked layer what it takes from the layers below it, and what only the host's root can set.
    ///
    /// - Parameter lower: directories of the layers below, the topmost first.
    static func settle(_ report: UnpackReport, in directory: String, on lower: [String]) throws {
        let root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY)
        let below = try lower.map { try Descriptor.open($0, O_RDONLY | O_DIRECTORY) }
        for path in report.implied {
            // What a later entry has replaced is no directory any more.
            guard let made = try directoryIfThere(path, in: root) else { continue }
            for layer in below {
                guard let model = try directoryIfThere(path, in: layer) else { continue }
                var status = stat()
                try check("fstat", path) { fstat(model.raw, &status) }
                try check("fchown", path) { fchown(made.raw, status.st_uid, status.st_gid) }
                try check("fchmod", path) { fchmod(made.raw, status.st_mode & 0o7777) }
                break
            }
        }
        let opaque = try OverlayMarks.ofThisProcess.attribute("opaque")
        for path in report.opaque {
            guard let made = try directoryIfThere(path, in: root) else { continue }
            try check("fsetxattr", path) { fsetxattr(made.raw, opaque, "y", 1, 0) }
        }
    }

    private static func directoryIfThere(_ path: String, in root: Descriptor) throws(SystemError) -> Descriptor? {
        do throws(SystemError) { return try root.openDirectory(beneath: path) } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { return nil }
            throw error
        }
    }
}
