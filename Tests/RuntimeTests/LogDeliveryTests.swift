// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Testing

@testable import Runtime

/// Logs on their way to a log service, which here is a socket of the test.
@Suite final class LogDeliveryTests {
    private let directory: String
    private let loop: EventLoop
    private let pipe: (read: Descriptor, write: Descriptor)

    init() throws {
        var template = Array("/tmp/trice-delivery-XXXXXX".utf8CString)
        mkdtemp(&template)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        loop = try EventLoop()
        pipe = try Descriptor.pipe()
        try check("fcntl") { trice_fcntl(pipe.read.raw, F_SETFL, Int(O_NONBLOCK)) }
    }

    deinit {
        do { try removeTree(directory) } catch { Issue.record(error) }
    }

    private var socketPath: String { "\(directory)/service" }
    private static let format = LogMessageFormat.syslog(SyslogFormat(tag: "t", host: "h", pid: 1))

    /// A service that takes datagrams, or connections.
    private func listen(_ type: __socket_type) throws -> Descriptor {
        unlink(socketPath)
        let flags = Int32(type.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let listener = Descriptor(try check("socket") { socket(AF_UNIX, flags, 0) })
        try check("bind") { trice_unix_bind(listener.raw, socketPath) }
        if type == SOCK_STREAM { try check("listen") { Glibc.listen(listener.raw, 5) } }
        return listener
    }

    private func delivery(capacity: Int? = nil) throws -> LogDelivery {
        try LogDelivery(
            "\(directory)/log", record: "\(directory)/delivered", to: .unix(socketPath), Self.format,
            capacity: capacity, on: loop)
    }

    private func writer(_ delivery: LogDelivery, _ rotation: LogRotation = LogRotation()) throws -> LogWriter {
        let writer = try LogWriter("\(directory)/log", rotation, spools: directory, delivery: delivery, on: loop)
        try writer.follow(Descriptor(try check("dup") { dup(pipe.read.raw) }), as: "stdout")
        return writer
    }

    private func write(_ text: String) throws { try pipe.write.writeAll(Array(text.utf8)) }

    /// What the messages that have come say, after their heads.
    private func received(_ socket: Descriptor) -> [String] {
        var texts: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = Glibc.read(socket.raw, &buffer, buffer.count), count > 0 {
            for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n") {
                texts.append(String(line.split(separator: "]: ", maxSplits: 1).last ?? ""))
            }
        }
        return texts
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

    @Test func `each line is a message, in their order`() throws {
        let service = try listen(SOCK_DGRAM)
        let delivery = try delivery()
        try write((1...500).map { "line \($0)\n" }.joined())
        let writer = try writer(delivery)
        var texts: [String] = []
        try run {
            texts += self.received(service)
            return texts.count >= 500
        }
        #expect(texts == (1...500).map { "line \($0)" })
        writer.finish()
        try run { delivery.isDone }
    }

    @Test func `lines wait for a service that is gone, and come when it is back`() throws {
        let delivery = try delivery()
        let writer = try writer(delivery)
        try write("one\ntwo\n")
        try run { delivery.isGone }
        let service = try listen(SOCK_STREAM)
        var connection = Descriptor(-1)
        var texts: [String] = []
        func take(_ count: Int) throws {
            try run {
                if connection.raw < 0 { connection = Descriptor(trice_accept4(service.raw, O_NONBLOCK)) }
                if connection.raw >= 0 { texts += self.received(connection) }
                return texts.count >= count
            }
        }
        try take(2)
        #expect(!delivery.isGone)
        // It goes again, and what comes then waits for the next one.
        connection.close()
        try run { delivery.isGone }
        try write("three\n")
        try take(3)
        #expect(texts == ["one", "two", "three"])
        writer.finish()
    }

    @Test func `the next delivery goes on where the last one stopped, also in files that are rotated away else`() throws
    {
        let rotation = LogRotation(largest: 600, files: 1)
        let first = try delivery()
        let writer = try writer(first, rotation)
        let service = try listen(SOCK_DGRAM)
        try write("one\n")
        var texts: [String] = []
        try run {
            texts += self.received(service)
            return texts == ["one"] && first.isDone
        }
        // A child that another test of this process has forked holds all descriptors until its execve(2).
        shutdown(service.raw, Int32(SHUT_RDWR))
        service.close()
        unlink(socketPath)
        for number in 2...50 {
            try write("\(number)\n")
            try run { first.isGone && !first.isDone }
        }
        writer.finish()
        first.stop()
        #expect(try listDirectory(directory).filter { $0.hasPrefix("log") }.count > 1)
        let again = try listen(SOCK_DGRAM)
        let next = try delivery()
        try run {
            texts += self.received(again)
            return next.isDone
        }
        texts += received(again)
        #expect(texts == ["one"] + (2...50).map { "\($0)" })
    }

    @Test func `with a bound what is too much to wait is left out, and what waits already is not`() throws {
        let delivery = try delivery(capacity: 200)
        let writer = try writer(delivery)
        // Each takes 47 bytes of the log: four of them may wait.
        for number in 1...9 {
            try write("line \(number)\n")
            try run { writer.position == LogPosition(offset: number * 47) }
        }
        let service = try listen(SOCK_DGRAM)
        var texts: [String] = []
        try run {
            texts += self.received(service)
            return delivery.isDone
        }
        try write("line 10\n")
        try run {
            texts += self.received(service)
            return texts.last == "line 10"
        }
        #expect(texts == ["line 1", "line 2", "line 3", "line 4", "line 10"])
        writer.finish()
    }

    // MARK: Messages

    private static let entry = LogEntry(time: "2026-01-02T03:04:05.000600007Z", isError: false, text: Array("a b".utf8))

    @Test(
        arguments: [
            (.rfc5424, "<30>1 2026-01-02T03:04:05Z h t 1 t - a b\n"),
            (.rfc5424micro, "<30>1 2026-01-02T03:04:05.000600Z h t 1 t - a b\n"),
        ] as [(SyslogFormat.Kind, String)])
    func `RFC 5424`(_ row: (SyslogFormat.Kind, String)) {
        let format = SyslogFormat(row.0, tag: "t", host: "h", pid: 1)
        #expect(String(decoding: format.bytes(of: Self.entry), as: UTF8.self) == row.1)
    }

    @Test func `RFC 3164, with the severity of the stream and the host's own clock`() {
        var entry = Self.entry
        entry.isError = true
        let format = SyslogFormat(.rfc3164, facility: 16, tag: "t", host: "h", pid: 1)
        let text = String(decoding: format.bytes(of: entry), as: UTF8.self)
        #expect(text.hasPrefix("<131>Jan  ") && text.hasSuffix(" h t[1]: a b\n"), "\(text)")
        let local = String(decoding: SyslogFormat(tag: "t", host: "h", pid: 1).bytes(of: entry), as: UTF8.self)
        #expect(local == "<27>" + text.dropFirst(5).replacing(" h t[1]", with: " t[1]"))
    }

    @Test func `the journal's protocol tells texts with line breaks by their length`() {
        let format = JournalFormat([.init("CONTAINER_NAME", "a-1"), .init("NOTE", "x\ny")])
        var entry = Self.entry
        entry.isPartial = true
        let expected =
            Array(
                "MESSAGE=a b\nPRIORITY=6\nSYSLOG_TIMESTAMP=2026-01-02T03:04:05.000600007Z\nCONTAINER_PARTIAL_MESSAGE=true\nCONTAINER_NAME=a-1\nNOTE\n"
                    .utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("x\ny\n".utf8)
        #expect(format.bytes(of: entry) == expected)
        #expect(JournalFormat.fieldName("com.example/role") == "COM_EXAMPLE_ROLE")
        #expect(JournalFormat.fieldName("_1x") == "1X")
    }
}
