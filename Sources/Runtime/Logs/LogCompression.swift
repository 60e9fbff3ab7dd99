// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CZlib
import Glibc
import Linux

/// Compresses full files of a log with gzip, one after the other and in small steps, so that the loop goes on meanwhile.
///
/// What is compressed gets its name when it is whole, and only then the plain file goes: a reader finds at least one of
/// them, and a killed writer's successor begins anew.
final class LogCompression {
    /// A file that is being compressed.
    private final class Step {
        let number: Int
        let source: Descriptor
        let output: gzFile
        init(number: Int, source: Descriptor, output: gzFile) {
            (self.number, self.source, self.output) = (number, source, output)
        }
    }

    /// Bytes that are compressed at a time: about a millisecond.
    private static let portion = 1 << 16
    /// Nanoseconds between two portions, which belong to the loop's other work.
    private static let rest: UInt64 = 1_000_000

    private let segments: LogSegments
    private let loop: EventLoop
    private var waiting: [Int] = []
    private var step: Step?
    private var timer: EventLoop.Timer?

    init(_ segments: LogSegments, on loop: EventLoop) { (self.segments, self.loop) = (segments, loop) }

    deinit {
        if let timer { loop.cancel(timer) }
        if let step { gzclose(step.output) }
    }

    func isUnderWay(_ number: Int) -> Bool { step?.number == number }

    /// Compresses this file when those before it are done; once.
    func add(_ number: Int) {
        guard !isUnderWay(number), !waiting.contains(number) else { return }
        waiting.append(number)
        schedule()
    }

    private func schedule() {
        guard timer == nil, step != nil || !waiting.isEmpty else { return }
        timer = loop.schedule(after: LogCompression.rest) { [weak self] in
            self?.timer = nil
            self?.advance()
        }
    }

    private func advance() {
        let number = step?.number ?? waiting.removeFirst()
        do throws(SystemError) {
            // It may have become one file too many by now.
            if exists(segments.plain(number)) {
                if step == nil { step = try begin(number) }
                guard let current = step else { return }
                if try !goOn(current) {
                    step = nil
                    try end(current)
                }
            } else {
                try abandon(number)
            }
        } catch {
            log("a full log file stays uncompressed: \(error)")
            do throws(SystemError) { try abandon(number) } catch { log("\(error)") }
        }
        schedule()
    }

    private func begin(_ number: Int) throws(SystemError) -> Step {
        let source = try Descriptor.open(segments.plain(number), O_RDONLY)
        let path = segments.unfinished(number)
        let target = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        guard let output = gzdopen(target.raw, "wb1") else { throw SystemError("gzdopen", path, errno: ENOMEM) }
        _ = target.release()
        return Step(number: number, source: source, output: output)
    }

    /// - Returns: false at the end of the file.
    private func goOn(_ step: Step) throws(SystemError) -> Bool {
        let bytes = try step.source.read(upTo: LogCompression.portion)
        if bytes.isEmpty { return false }
        errno = 0
        guard Int(gzwrite(step.output, bytes, UInt32(bytes.count))) == bytes.count else {
            throw SystemError("gzwrite", segments.unfinished(step.number))
        }
        return true
    }

    private func end(_ step: Step) throws(SystemError) {
        errno = 0
        guard gzclose(step.output) == Z_OK else { throw SystemError("gzclose", segments.unfinished(step.number)) }
        let (unfinished, plain) = (segments.unfinished(step.number), segments.plain(step.number))
        try check("rename", unfinished) { rename(unfinished, segments.compressed(step.number)) }
        try check("unlink", plain) { unlink(plain) }
    }

    private func abandon(_ number: Int) throws(SystemError) {
        if let step { gzclose(step.output) }
        step = nil
        let path = segments.unfinished(number)
        if unlink(path) != 0 && errno != ENOENT { throw SystemError("unlink", path) }
    }
}
