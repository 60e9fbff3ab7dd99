// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Testing

@testable import Runtime

/// Logs whose disk is slow, and spools whose file system is full.
@Suite final class LogOverflowTests {
    private let directory: String
    private let loop: EventLoop
    private let pipe: (read: Descriptor, write: Descriptor)
    /// Lines that the container has written.
    private var count = 0

    init() throws {
        var template = Array("/tmp/trice-log-XXXXXX".utf8CString)
        mkdtemp(&template)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        loop = try EventLoop()
        pipe = try Descriptor.pipe()
        for end in [pipe.read, pipe.write] {
            try check("fcntl") { trice_fcntl(end.raw, F_SETFL, Int(O_NONBLOCK)) }
        }
    }

    deinit {
        do { try removeTree(directory) } catch { Issue.record(error) }
    }

    private func writer(_ path: String, capacity: Int? = nil, on loop: EventLoop) throws -> LogWriter {
        let writer = try LogWriter(path, LogRotation(), spools: "\(directory)/run", capacity: capacity, on: loop)
        try writer.follow(Descriptor(try check("dup") { dup(pipe.read.raw) }), as: "stdout")
        return writer
    }

    /// Lets the loop go on until this holds, looking every millisecond.
    private func run(until condition: @escaping () throws -> Bool) throws {
        func look() {
            do { if try condition() { return loop.stop() } } catch {
                Issue.record(error)
                return loop.stop()
            }
            loop.schedule(after: 1_000_000, look)
        }
        loop.soon(look)
        try loop.run()
    }

    /// Writes the next line of 50 bytes, where the pipe has room for it.
    private func writeLine() throws -> Bool {
        let text = "\(count + 1)"
        let line = Array((String(repeating: "0", count: 49 - text.count) + text + "\n").utf8)
        do throws(SystemError) { try pipe.write.writeAll(line) } catch {
            if error.errno == EAGAIN { return false }
            throw error
        }
        count += 1
        return true
    }

    @Test("With mode: non-blocking no container waits for a slow disk; what is left out is counted in its place")
    func slowDisk() throws {
        try makeDirectories("\(directory)/run")
        // As slow as a disk can be: nobody takes anything, until somebody reads.
        let path = "\(directory)/log"
        try check("mkfifo") { mkfifo(path, 0o600) }
        let writer = try writer(path, capacity: 100_000, on: loop)
        try run { [self] in
            while count < 40_000, try writeLine() {}
            return count == 40_000
        }
        let reader = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
        var log: [UInt8] = []
        let watch = try loop.watch(reader.raw, .read) { _ in
            do { log += try reader.read(upTo: 1 << 16) } catch { Issue.record(error) }
        }
        func numbers() -> [Int] {
            String(decoding: log, as: UTF8.self).split(separator: "\n").compactMap { line in
                let text = line.dropFirst(LogReader.headLength)
                return text.count == 49 ? Int(text) : nil
            }
        }
        try run { [self] in
            if numbers().last ?? 0 > 40_000 { return true }
            _ = try writeLine()
            return false
        }
        writer.finish()
        loop.cancel(watch)
        do throws(SystemError) { log += try reader.read(upTo: 1 << 20) } catch { #expect(error.errno == EAGAIN) }
        let found = numbers()
        #expect(found == found.sorted() && Set(found).count == found.count)
        #expect(Array(found.prefix(2000)) == Array(1...2000))
        let notes = String(decoding: log, as: UTF8.self).split(separator: "\n").filter { $0.contains("trice: ") }
        let missing = notes.compactMap { Int($0.split(separator: " ")[4]) }.reduce(0, +)
        #expect(notes.allSatisfy { $0.hasSuffix("lines are missing here: more than max-buffer-size waited") })
        #expect(found.count + missing == count && missing > 30_000, "\(found.count) and \(missing) of \(count)")
    }

    @Test(
        "While $TRICE_RUN is full, what comes goes to the log without a spool; each line is there once, also after a kill",
        .enabled(if: geteuid() == 0, "mounts need root"))
    func fullSpool() throws {
        let run = "\(directory)/run", path = "\(directory)/log"
        try makeDirectories(run)
        try check("mount", run) { mount("trice-test", run, "tmpfs", 0, "size=256k") }
        defer { umount2(run, Int32(MNT_DETACH)) }
        func write(_ text: String) throws { try pipe.write.writeAll(Array(text.utf8)) }
        func text() throws -> String {
            var text = ""
            guard let reader = try LogReader(path) else { return text }
            while let record = try reader.next() {
                text += reader.withBytes { String(decoding: record.text(in: $0), as: UTF8.self) }
                if reader.withBytes({ record.endsLine(in: $0) }) { text += "\n" }
            }
            return text
        }
        let first = try writer(path, on: loop)
        try write("one\ntw")
        try self.run { try text() == "one\n" }
        let filler = "\(run)/filler"
        #expect(throws: SystemError.self) { try writeAtomically(filler, [UInt8](repeating: 0, count: 1 << 20)) }
        let file = try Descriptor.open(filler, O_WRONLY | O_CREAT, mode: 0o600)
        while true {
            do throws(SystemError) { try file.writeAll([UInt8](repeating: 1, count: 4096)) } catch {
                try #require(error.errno == ENOSPC)
                break
            }
        }
        let long = String(repeating: "x", count: 60_000)
        try write("o\n\(long)\nthr")
        try self.run { try text() == "one\ntwo\n\(long)\nthr" }
        // Killed: it does nothing any more. The next one begins while there is no room yet.
        try withExtendedLifetime(first) {
            let loop = try EventLoop()
            let second = try writer(path, on: loop)
            try write("ee\nfour\n")
            try check("unlink") { unlink(filler) }
            second.finish()
            #expect(try text() == "one\ntwo\n\(long)\nthree\nfour\n")
        }
    }
}
