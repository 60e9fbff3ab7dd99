// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Testing

@testable import Runtime

/// Logs of a container that is nobody: a pipe, and what is written into it.
@Suite final class LogTests {
    private let directory: String
    private let loop: EventLoop
    private let pipe: (read: Descriptor, write: Descriptor)

    init() throws {
        var template = Array("/tmp/trice-log-XXXXXX".utf8CString)
        mkdtemp(&template)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        loop = try EventLoop()
        pipe = try Descriptor.pipe()
        try check("fcntl") { trice_fcntl(pipe.read.raw, F_SETFL, Int(O_NONBLOCK)) }
    }

    deinit {
        do { try removeTree(directory) } catch { Issue.record(error) }
    }

    private var path: String { "\(directory)/log" }

    private func writer(_ rotation: LogRotation?) throws -> LogWriter {
        let writer = try LogWriter(path, rotation, spools: directory, on: loop)
        let copy = Descriptor(try check("dup") { dup(pipe.read.raw) })
        try writer.follow(copy, as: "stdout")
        return writer
    }

    private func write(_ text: String) throws { try pipe.write.writeAll(Array(text.utf8)) }

    /// The texts of all records that are there.
    private func lines(_ reader: LogReader?) throws -> [String] {
        var lines: [String] = []
        while let reader, let record = try reader.next() {
            lines.append(reader.withBytes { String(decoding: record.text(in: $0), as: UTF8.self) })
        }
        return lines
    }

    private func files() throws -> [String] {
        try listDirectory(directory).filter { $0.hasPrefix("log") }
    }

    /// Lets the loop go on until this holds.
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

    @Test("What was moved to the spool and not yet logged is logged by the next writer, once")
    func killedBeforeTheLog() throws {
        try write("one\ntwo\n")
        do {
            // The killed writer came so far: everything is in the spool.
            let spool = try LogSpool("\(directory)/stdout.spool")
            #expect(try spool.take(100, from: pipe.read))
        }
        try write("three\n")
        try writer(LogRotation()).finish()
        #expect(try lines(LogReader(path)) == ["one", "two", "three"])
    }

    @Test(
        "What was logged and not put on record is written again to the same place, where a follower does not see it twice"
    )
    func killedBeforeTheRecord() throws {
        try write("one\n")
        let first = try writer(LogRotation())
        first.finish()
        let before = try readFile("\(directory)/progress")
        try write("two\nthree\n")
        try writer(LogRotation()).finish()
        let follower = try LogReader(path)
        #expect(try lines(follower) == ["one", "two", "three"])
        // As if the last writer had been killed between its write to the log and the record.
        try writeAtomically("\(directory)/progress", before)
        let next = try writer(LogRotation())
        try write("four\n")
        next.finish()
        #expect(try lines(follower) == ["four"])
        #expect(try lines(LogReader(path)) == ["one", "two", "three", "four"])
    }

    @Test("A line that was begun when the writer was killed is whole afterwards")
    func killedInALine() throws {
        try write("a\nbegun ")
        let killed = try writer(LogRotation())
        try run { try self.lines(LogReader(self.path)) == ["a"] }
        try write("and ended\n")
        // Nobody tells the first one to finish.
        try withExtendedLifetime(killed) { try writer(LogRotation()).finish() }
        #expect(try lines(LogReader(path)) == ["a", "begun and ended"])
    }

    @Test("A full file is followed by the next one, and only the newest are kept", arguments: [1, 2, 4])
    func rotation(_ count: Int) throws {
        let writer = try writer(LogRotation(largest: 4096, files: count))
        for number in 0..<40 {
            try write(String(repeating: "\(number % 10)", count: 999) + "\n")
            try run { try self.lines(LogReader(self.path)).last?.first == "\(number % 10)".first }
        }
        #expect(try files().count == count)
        let kept = try lines(LogReader(path)).map { $0.prefix(1) }
        #expect(kept == (0..<40).suffix(kept.count).map { "\($0 % 10)" })
        writer.finish()
    }

    @Test("Compressed files read as they did before, from any of their lines")
    func compression() throws {
        let writer = try writer(LogRotation(largest: 4096, files: 100, compresses: true))
        let all = (1...2000).map { "line \($0)" }
        for line in all { try write("\(line)\n") }
        try run { try self.files().filter { !$0.hasSuffix(".gz") }.count == 1 && self.files().count > 10 }
        #expect(try lines(LogReader(path)) == all)
        for count in [0, 1, 99, 100, 1000, 1999, 2000, 3000] {
            let reader = try #require(try LogReader(path))
            try reader.seekToLast(count)
            #expect(try lines(reader) == all.suffix(count))
        }
        writer.finish()
    }

    @Test("Where a compression was cut off, the plain file counts, and it is done again")
    func cutOffCompression() throws {
        let line = "2026-01-02T03:04:05.000000006Z stdout F "
        try writeAtomically(path, Array("\(line)first\n".utf8))
        try writeAtomically("\(path).gz.tmp", Array("half".utf8))
        try writeAtomically("\(path).1", Array("\(line)second\n".utf8))
        #expect(try lines(LogReader(path)) == ["first", "second"])
        let writer = try writer(LogRotation(largest: 4096, files: 9, compresses: true))
        try run { try self.files() == ["log.1", "log.gz"] }
        #expect(try lines(LogReader(path)) == ["first", "second"])
        writer.finish()
    }

    @Test("A reader that rotation has overtaken goes on with the oldest file, and says how many it missed")
    func overtaken() throws {
        let line = "2026-01-02T03:04:05.000000006Z stdout F "
        try writeAtomically(path, Array("\(line)0\n".utf8))
        let reader = try #require(try LogReader(path))
        #expect(try lines(reader) == ["0"])
        unlink(path)
        for number in 3...4 { try writeAtomically("\(path).\(number)", Array("\(line)\(number)\n".utf8)) }
        #expect(try lines(reader) == ["3", "4"])
        #expect(reader.missed == 2)
    }

    @Test("Lines that the disk does not take are counted, and the log says so when it can be written again")
    func fullDisk() throws {
        var loss = LogLoss()
        #expect(loss.note(at: 0) == nil)
        loss.add(Array("a\nb\n".utf8), SystemError("write", errno: ENOSPC))
        loss.add(Array("c\n".utf8), SystemError("write", errno: ENOSPC))
        let note = try #require(loss.note(at: 0))
        #expect(
            String(decoding: note, as: UTF8.self)
                == "1970-01-01T00:00:00.000000000Z stderr F trice: 3 lines are missing here: write: no space left on device (ENOSPC)\n"
        )
        loss.end()
        #expect(loss.note(at: 0) == nil)
    }
}
