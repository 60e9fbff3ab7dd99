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
    private let loop: EventLoop
    private let spools: String?
    private let file: LogFile?
    private let capacity: Int?
    /// Nil where a container waits for its log.
    private var aside: AsideWrite?
    private let delivery: LogDelivery?
    private let record: Descriptor?
    private var progress: LogProgress
    private var loss = LogLoss()
    private var sources: [LogInput] = []
    /// Called with the text of each record: a line, or a part of a long one.
    package var onLine: ((UnsafeRawBufferPointer) -> Void)?
    private var output: [UInt8] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LogSpool.portion, alignment: 16)

    /// - Parameters:
    ///   - path: the log's first file, made where it is not there.
    ///   - rotation: nil where nothing is to be kept, and only who is attached gets a copy.
    ///   - spools: a directory for what the log does not have yet; nil for a terminal.
    ///   - capacity: bytes of a stream that wait while the disk is slow, before what comes is left out; nil: the container
    ///     waits.
    ///   - delivery: what brings the log elsewhere.
    package init(
        _ path: String, _ rotation: LogRotation?, spools: String?, capacity: Int? = nil,
        delivery: LogDelivery? = nil, on loop: EventLoop
    ) throws(SystemError) {
        (self.loop, self.delivery) = (loop, delivery)
        self.capacity = rotation == nil ? nil : capacity
        aside = try self.capacity.map { _ throws(SystemError) in try AsideWrite(on: loop) }
        self.spools = rotation == nil ? nil : spools
        record = try self.spools.map { path throws(SystemError) in
            try Descriptor.open("\(path)/progress", O_RDWR | O_CREAT, mode: 0o600)
        }
        let before = try record.flatMap { file throws(SystemError) in try LogProgress.load(from: file) }
        file = try rotation.map { rotation throws(SystemError) in
            try LogFile(path, rotation, from: before, on: loop) { delivery?.position.number ?? .max }
        }
        progress = before ?? LogProgress()
        loss = LogLoss(lines: progress.missing, errno: progress.errno)
        if let record, let file, before == nil {
            (progress.number, progress.size) = (file.number, file.size)
            // From now on there is room for it, however full $TRICE_RUN gets.
            try progress.save(to: record)
        }
    }

    deinit { buffer.deallocate() }

    /// Reads this descriptor from now on, until its end or `finish()`. It must be in non-blocking mode.
    package func follow(_ descriptor: Descriptor, as stream: String, isTerminal: Bool = false) throws(SystemError) {
        let spool = try spools.map { path throws(SystemError) in try LogSpool("\(path)/\(stream).spool") }
        let source = LogInput(
            descriptor, stream, spool, from: stream == "stdout" ? progress.output : progress.errors,
            capacity: capacity, isTerminal: isTerminal)
        sources.append(source)
        if aside == nil { try writeSpool(of: source) } else { writeAside() }
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
        finishAside()
        for source in sources {
            _ = drain(source, rounds: .max)
            do throws(SystemError) {
                try source.endLoss()
                try writeSpool(of: source)
            } catch { log("the end of a container's output cannot be read: \(error)") }
            source.stream.finish(time: realTime(), to: &output)
            for tap in source.taps { tap.finish() }
            unwatch(source)
        }
        flush()
        sources = []
    }

    /// - Returns: false at the end of the stream.
    private func drain(_ source: LogInput, rounds: Int) -> Bool {
        for _ in 0..<rounds {
            do throws(SystemError) {
                guard try take(from: source) else { return false }
            } catch {
                if error.errno != EAGAIN { log("what a container writes cannot be read: \(error)") }
                return error.errno == EAGAIN
            }
        }
        return true
    }

    /// Takes the next bytes. One write to the log has those of one stream only, in one file: so it is always repeated as
    /// it was.
    private func take(from source: LogInput) throws(SystemError) -> Bool {
        switch try source.take(room, buffer) {
        case .end: return false
        case .spooled where aside != nil: writeAside()
        case .spooled: try writeSpool(of: source)
        case .read(let count):
            give(count, to: source)
            flush()
        case .readBeside(let count):
            give(count, to: source)
            // A line's beginning that is in no spool does not wait for its end.
            source.stream.cut(time: realTime(), to: &output)
            flush()
        }
        return true
    }

    private var room: Int { min(buffer.count, file?.room ?? .max) }

    private func writeSpool(of source: LogInput) throws(SystemError) {
        while case let count = try source.readSpool(buffer.count, into: buffer), count > 0 { give(count, to: source) }
        flush()
    }

    private func give(_ count: Int, to source: LogInput) {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        source.stream.write(bytes, time: realTime(), to: &output)
        for tap in source.taps { tap.write(bytes) }
    }

    private func unwatch(_ source: LogInput) {
        if let watch = source.watch { loop.cancel(watch) }
        source.watch = nil
    }

    private func flush() {
        guard !output.isEmpty else { return }
        var failure: SystemError?
        if let file {
            do throws(SystemError) {
                let records = try nextRecords(file), start = LogPosition(number: file.number, offset: file.size)
                try file.write(records)
                delivery?.grew(by: records.count, from: start)
            } catch { failure = error }
        }
        settle(failure)
    }

    /// What was read, and before it what is missing there.
    private func nextRecords(_ file: LogFile) throws(SystemError) -> [UInt8] {
        if file.isFull { try rotate(file) }
        return loss.note(at: realTime()).map { $0 + output } ?? output
    }

    /// Puts on record what the write of the output came to.
    private func settle(_ failure: SystemError?) {
        if let file {
            if let failure { loss.add(output, failure) } else { loss.end() }
            (progress.missing, progress.errno) = (loss.lines, Int(loss.reason?.errno ?? 0))
            for source in sources {
                if source.stream.name == "stdout" {
                    progress.output = source.loggedPlace
                } else {
                    progress.errors = source.loggedPlace
                }
            }
            save(file)
            for source in sources { source.free() }
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

    // MARK: Where no container waits

    /// Has the next portion written of what waits in the spools, when the one before it is.
    private func writeAside() {
        guard let aside, let file else { return }
        do throws(SystemError) {
            while !aside.isUnderWay, try readPortion() {
                guard !output.isEmpty else { continue }
                do throws(SystemError) {
                    try file.write(nextRecords(file), by: aside) { [unowned self] in
                        self.settle($0)
                        self.writeAside()
                    }
                } catch { settle(error) }
            }
        } catch { log("what a container wrote cannot be read: \(error)") }
    }

    /// Reads what one stream has waiting, the others' before it comes to it again.
    ///
    /// - Returns: false where nothing waits.
    private func readPortion() throws(SystemError) -> Bool {
        for (index, source) in sources.enumerated() {
            let count = try source.readSpool(room, into: buffer)
            guard count > 0 else { continue }
            sources.append(sources.remove(at: index))
            give(count, to: source)
            return true
        }
        return false
    }

    /// Waits for the write that is under way. From then on, the log is written as that of any other container.
    private func finishAside() {
        guard let aside else { return }
        self.aside = nil
        aside.wait()
        do throws(SystemError) { while try readPortion() { flush() } } catch {
            log("what a container wrote cannot be read: \(error)")
        }
    }
}
