// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Brings a container's log to a log service, line by line in their order.
///
/// It follows the log's files from the place that is on record, and so goes on where a killed one stopped: nothing is left
/// out, and at most what was sent in the last moment is sent twice. While the service is gone the lines wait in the log,
/// whose rotation keeps the files that are not delivered.
package final class LogDelivery {
    /// Entries that are sent before the loop's other work goes on, and the place is put on record.
    private static let portion = 64
    private static let firstPause: UInt64 = 100_000_000
    private static let longestPause: UInt64 = 10_000_000_000
    /// After so many nanoseconds without a word to the contrary datagrams are taken to arrive.
    private static let proof: UInt64 = 1_000_000_000

    private let path: String
    private let address: LogAddress
    private let format: LogMessageFormat
    private let record: Descriptor
    private let loop: EventLoop
    /// Bytes of the log that may wait; what comes while so many do is left out. Nil: any number.
    private let capacity: Int?

    private var reader: LogReader?
    /// What is to be sent next, and the place behind it.
    private var next: (message: [UInt8], size: Int, end: LogPosition)?
    /// Bytes of the log that wait, as far as this delivery has seen them written.
    private var waiting = 0
    /// Where the first record is that is left out.
    private var fullFrom: LogPosition?
    private var leftOut = 0

    private var socket: LogSocket?
    private var watch: EventLoop.Watch?
    private var connected: UInt64 = 0
    private var awaitsRoom = false
    private var timer: EventLoop.Timer?
    private var pause = LogDelivery.firstPause
    private var isDue = false
    private var isStopped = false

    /// Up to here the log is delivered.
    package private(set) var position: LogPosition
    /// Nothing of the log waits.
    package private(set) var isDone = false
    /// The service cannot be reached.
    package private(set) var isGone = false
    /// Called each time when nothing of the log waits any more.
    package var onDone: (() -> Void)?
    /// Called when the service turns out to be out of reach.
    package var onGone: (() -> Void)?

    /// - Parameters:
    ///   - path: of the log's first file.
    ///   - record: a file for how far the log is delivered, made where it is not there.
    package init(
        _ path: String, record: String, to address: LogAddress, _ format: LogMessageFormat, capacity: Int? = nil,
        on loop: EventLoop
    ) throws(SystemError) {
        (self.path, self.address, self.format, self.capacity, self.loop) = (path, address, format, capacity, loop)
        let file = try Descriptor.open(record, O_RDWR | O_CREAT, mode: 0o600)
        var fields: [Int64] = [0, 0]
        let count = try check("pread", record) { pread(file.raw, &fields, 16, 0) }
        position = count == 16 ? LogPosition(number: Int(fields[0]), offset: Int(fields[1])) : LogPosition()
        self.record = file
        wake()
    }

    /// So many bytes have been written to the log from this place on.
    package func grew(by count: Int, from start: LogPosition) {
        isDone = false
        if let capacity, fullFrom == nil, waiting + count > capacity { fullFrom = start }
        if fullFrom == nil { waiting += count }
        wake()
    }

    package func stop() {
        isStopped = true
        disconnect()
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    /// Delivers when the loop's current work is done.
    private func wake() {
        guard !isDue, !isStopped, !awaitsRoom, timer == nil else { return }
        isDue = true
        loop.soon { [weak self] in
            self?.isDue = false
            self?.deliver()
        }
    }

    private func deliver() {
        guard !isStopped, !awaitsRoom, timer == nil else { return }
        do throws(SystemError) {
            for _ in 0..<LogDelivery.portion {
                guard let (message, size, end) = try takeNext() else { return finish() }
                guard try connection().send(message) else { return awaitRoom() }
                (next, position) = (nil, end)
                waiting = max(0, waiting - size)
                isReached()
            }
            save()
            wake()
        } catch { fail(error) }
    }

    private func takeNext() throws(SystemError) -> (message: [UInt8], size: Int, end: LogPosition)? {
        if let next { return next }
        if reader == nil { reader = try LogReader(path, from: position) }
        while let reader, let record = try reader.next() {
            if let fullFrom, reader.position > fullFrom {
                position = reader.position
                if reader.withBytes({ record.endsLine(in: $0) }) { leftOut += 1 }
                continue
            }
            let entry = reader.withBytes { bytes in
                LogEntry(
                    time: String(decoding: record.time(in: bytes), as: UTF8.self), isError: record.isError(in: bytes),
                    isPartial: !record.endsLine(in: bytes), text: Array(record.text(in: bytes)))
            }
            next = (format.bytes(of: entry), record.end + 1 - record.start, reader.position)
            return next
        }
        return nil
    }

    /// Nothing waits any more.
    private func finish() {
        if fullFrom != nil { log("\(leftOut) lines were not sent to \(address): more than max-buffer-size waited") }
        (fullFrom, leftOut, waiting, isDone) = (nil, 0, 0, true)
        save()
        onDone?()
    }

    private func save() {
        let fields = [Int64(position.number), Int64(position.offset)]
        do throws(SystemError) {
            var failure: SystemError?
            fields.withUnsafeBytes { bytes in
                do throws(SystemError) { try record.writeAll(bytes, at: 0) } catch { failure = error }
            }
            if let failure { throw failure }
        } catch { log("how far a log is delivered to \(address) cannot be put on record: \(error)") }
    }

    // MARK: The connection

    private func connection() throws(SystemError) -> LogSocket {
        if let socket { return socket }
        let new = try LogSocket(address)
        watch = try loop.watch(new.descriptor.raw, .read) { [unowned self] in self.ready($0) }
        (socket, connected) = (new, EventLoop.now)
        return new
    }

    private func awaitRoom() {
        awaitsRoom = true
        save()
        if let watch { loop.update(watch, [.read, .write]) }
    }

    private func ready(_ readiness: EventLoop.Readiness) {
        guard let socket, let watch else { return }
        if readiness.read {
            do throws(SystemError) { try socket.takeAnswer() } catch { return fail(error) }
        }
        guard awaitsRoom, readiness.write else { return }
        awaitsRoom = false
        loop.update(watch, .read)
        deliver()
    }

    /// A message was taken. Of datagrams the kernel says so before it knows.
    private func isReached() {
        guard isGone, let socket, socket.isReliable || EventLoop.now - connected > LogDelivery.proof else { return }
        log("the log service at \(address) can be reached again")
        (isGone, pause) = (false, LogDelivery.firstPause)
    }

    private func fail(_ error: SystemError) {
        disconnect()
        if !isGone { log("the log service at \(address) cannot be reached; lines for it wait: \(error)") }
        isGone = true
        save()
        loop.soon { [weak self] in self?.onGone?() }
        timer = loop.schedule(after: pause) { [weak self] in
            self?.timer = nil
            self?.deliver()
        }
        pause = min(pause * 2, LogDelivery.longestPause)
    }

    private func disconnect() {
        if let watch { loop.cancel(watch) }
        (watch, socket, awaitsRoom) = (nil, nil, false)
    }
}
