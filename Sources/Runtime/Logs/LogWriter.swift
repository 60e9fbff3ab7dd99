// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// Moves what a container writes from its pipes (or its terminal) into its log.
///
/// The pipes are held open by the container's side and the launcher, and what was taken out of them waits in a spool
/// until the log has it: so nothing is lost or written twice when the writer is killed, and the next one goes on where it
/// stopped. What a terminal's program wrote has no spool: splice(2) cannot move it to a file.
package final class LogWriter {
    private final class Source {
        let descriptor: Descriptor
        let spool: LogSpool?
        var stream: LogStream
        var taps: [LogTap] = []
        var watch: EventLoop.Watch?
        /// The place in the spool up to which the stream has been read.
        var place: Int
        init(_ descriptor: Descriptor, _ spool: LogSpool?, from place: Int, _ name: String) {
            (self.descriptor, self.spool, self.place, stream) = (descriptor, spool, place, LogStream(name: name))
        }
    }

    private let loop: EventLoop
    private let spools: String?
    private let file: LogFile?
    private let delivery: LogDelivery?
    private let record: Descriptor?
    private var progress: LogProgress
    private var loss = LogLoss()
    private var sources: [Source] = []
    /// Called with the text of each record: a line, or a part of a long one.
    package var onLine: ((UnsafeRawBufferPointer) -> Void)?
    private var output: [UInt8] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LogSpool.portion, alignment: 16)

    /// - Parameters:
    ///   - path: the log's first file, made where it is not there.
    ///   - rotation: nil where nothing is to be kept, and only who is attached gets a copy.
    ///   - spools: a directory for what the log does not have yet; nil for a terminal.
    ///   - delivery: what brings the log elsewhere.
    package init(
        _ path: String, _ rotation: LogRotation?, spools: String?, delivery: LogDelivery? = nil, on loop: EventLoop
    ) throws(SystemError) {
        (self.loop, self.delivery) = (loop, delivery)
        self.spools = rotation == nil ? nil : spools
        record = try self.spools.map { path throws(SystemError) in
            try Descriptor.open("\(path)/progress", O_RDWR | O_CREAT, mode: 0o600)
        }
        let before = try record.flatMap { file throws(SystemError) in try LogProgress.load(from: file) }
        file = try rotation.map { rotation throws(SystemError) in
            try LogFile(path, rotation, from: before, on: loop) { delivery?.position.number ?? .max }
        }
        progress = before ?? LogProgress()
    }

    deinit { buffer.deallocate() }

    /// Reads this descriptor from now on, until its end or `finish()`. It must be in non-blocking mode.
    package func follow(_ descriptor: Descriptor, as stream: String) throws(SystemError) {
        let spool = try spools.map { path throws(SystemError) in try LogSpool("\(path)/\(stream).spool") }
        let source = Source(
            descriptor, spool, from: stream == "stdout" ? progress.output : progress.errors, stream)
        sources.append(source)
        try readSpool(of: source)
        flush()
        source.watch = try loop.watch(descriptor.raw, .read) { [unowned self] _ in
            if !self.drain(source, rounds: 16) { self.unwatch(source) }
        }
    }

    /// Gives a client a copy of what comes on a stream from now on; nothing where there is no such stream.
    package func add(_ tap: LogTap, to stream: String) {
        for source in sources where source.stream.name == stream { source.taps.append(tap) }
    }

    package func remove(_ tap: LogTap) {
        for source in sources { source.taps.removeAll { $0 === tap } }
        tap.finish()
    }

    /// Reads what is left, writes unfinished lines too, and lets the descriptors go.
    package func finish() {
        for source in sources {
            _ = drain(source, rounds: .max)
            source.stream.finish(time: realTime(), to: &output)
            for tap in source.taps { tap.finish() }
            unwatch(source)
        }
        flush()
        sources = []
    }

    /// - Returns: false at the end of the stream.
    private func drain(_ source: Source, rounds: Int) -> Bool {
        for _ in 0..<rounds {
            do throws(SystemError) {
                guard try take(from: source) else { return false }
            } catch {
                // EIO is how a terminal says that nobody holds its other side.
                if error.errno == EIO && source.spool == nil { return false }
                if error.errno != EAGAIN { log("what a container writes cannot be read: \(error)") }
                return error.errno == EAGAIN
            }
            flush()
        }
        return true
    }

    /// Takes the next bytes. One write to the log has those of one stream only, in one file: so it is always repeated as
    /// it was.
    private func take(from source: Source) throws(SystemError) -> Bool {
        let most = min(buffer.count, file?.room ?? .max)
        guard let spool = source.spool else {
            let count = try check("read") { Glibc.read(source.descriptor.raw, buffer.baseAddress, most) }
            give(count, to: source)
            return count > 0
        }
        guard try spool.take(most, from: source.descriptor) else { return false }
        try readSpool(of: source)
        return true
    }

    private func readSpool(of source: Source) throws(SystemError) {
        guard let spool = source.spool else { return }
        while case let count = try spool.read(from: source.place, into: buffer), count > 0 {
            give(count, to: source)
            source.place += count
        }
    }

    private func give(_ count: Int, to source: Source) {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        source.stream.write(bytes, time: realTime(), to: &output)
        for tap in source.taps { tap.write(bytes) }
    }

    private func unwatch(_ source: Source) {
        if let watch = source.watch { loop.cancel(watch) }
        source.watch = nil
    }

    private func flush() {
        guard !output.isEmpty else { return }
        if let file {
            do throws(SystemError) {
                if file.isFull { try rotate(file) }
                let (start, records) = (position, loss.note(at: realTime()).map { $0 + output } ?? output)
                try file.write(records)
                loss.end()
                if let start { delivery?.grew(by: records.count, from: start) }
            } catch { loss.add(output, error) }
            for source in sources {
                let place = source.place - (source.spool == nil ? 0 : source.stream.waiting)
                if source.stream.name == "stdout" { progress.output = place } else { progress.errors = place }
            }
            save(file)
            for source in sources { source.spool?.free(before: source.place - source.stream.waiting) }
        }
        if let onLine { tellLines(to: onLine) }
        output.removeAll(keepingCapacity: true)
    }

    private func tellLines(to onLine: (UnsafeRawBufferPointer) -> Void) {
        output.withUnsafeBytes { bytes in
            for record in bytes.split(separator: 10) {
                onLine(UnsafeRawBufferPointer(rebasing: record.dropFirst(LogReader.headLength)))
            }
        }
    }

    /// Where the next record will stand; nil where none is kept.
    package var position: LogPosition? { file.map { LogPosition(number: $0.number, offset: $0.size) } }

    private func rotate(_ file: LogFile) throws(SystemError) {
        try file.rotate()
        save(file)
        file.tidy()
    }

    private func save(_ file: LogFile) {
        guard let record else { return }
        (progress.number, progress.size) = (file.number, file.size)
        do throws(SystemError) { try progress.save(to: record) } catch {
            log("how far a container's log is cannot be put on record: \(error)")
        }
    }
}
