// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// A stream of a container on its way into its log: its pipe or terminal, its spool, and how much of it was read.
final class LogInput {
    let descriptor: Descriptor
    private let spool: LogSpool?
    private let isTerminal: Bool
    /// Bytes that may wait in the spool; what comes besides is left out. Nil: the container waits.
    private let capacity: Int?
    var stream: LogStream
    var taps: [LogTap] = []
    var watch: EventLoop.Watch?
    /// The place in the spool up to which the stream has been read.
    private var place: Int
    /// What is being left out; nil while nothing is.
    private var loss: Loss?

    private struct Loss {
        var lines = 0
        /// Whether what comes next goes on with a line that is left out.
        var isInLine: Bool
    }

    /// - Parameters:
    ///   - spool: nil where what was read goes at once into the log.
    ///   - place: up to which the log has what is in the spool.
    init(
        _ descriptor: Descriptor, _ name: String, _ spool: LogSpool?, from place: Int, capacity: Int?,
        isTerminal: Bool
    ) {
        (self.descriptor, self.spool, self.place, self.capacity) = (descriptor, spool, place, capacity)
        (self.isTerminal, stream) = (isTerminal, LogStream(name: name))
    }

    /// The place in the spool up to which the log has its lines, once it has those that were read.
    var loggedPlace: Int { place - (spool == nil ? 0 : stream.waiting) }

    /// What a call of `take` came to.
    enum Taken {
        /// Something is in the spool, or was left out.
        case spooled
        /// So many bytes are in the buffer.
        case read(Int)
        /// So are these, and the spool, which is read to its end, has no room for them.
        case readBeside(Int)
        case end
    }

    /// Takes up to so many bytes out of the pipe.
    ///
    /// - Throws: EAGAIN where nothing has come yet.
    func take(_ most: Int, _ buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Taken {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(most, buffer.count)])
        guard let spool else {
            let count = try read(into: part)
            return count > 0 ? .read(count) : .end
        }
        if let capacity, loss != nil || spool.end - place >= capacity {
            return try takeIfRoom(for: capacity, in: spool, part)
        }
        do throws(SystemError) {
            guard isTerminal else { return try spool.take(part.count, from: descriptor) ? .spooled : .end }
            let count = try read(into: part)
            try spool.append(UnsafeRawBufferPointer(rebasing: part[..<count]))
            return count > 0 ? .spooled : .end
        } catch {
            guard error.isFullDisk else { throw error }
            guard capacity == nil else { return try takeIfRoom(for: 0, in: spool, part) }
            // Whoever fills $TRICE_RUN stops no container: meanwhile its bytes go straight to the log.
            let count = try read(into: part)
            return count > 0 ? .readBeside(count) : .end
        }
    }

    private func read(into part: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        do throws(SystemError) {
            return try check("read") { Glibc.read(descriptor.raw, part.baseAddress, part.count) }
        } catch {
            // EIO is how a terminal says that nobody holds its other side.
            if isTerminal && error.errno == EIO { return 0 }
            throw error
        }
    }

    /// Leaves out what comes until there is room again where a line begins.
    private func takeIfRoom(
        for capacity: Int, in spool: LogSpool, _ part: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Taken {
        let count = try read(into: part)
        guard count > 0 else { return .end }
        let bytes = UnsafeRawBufferPointer(rebasing: part[..<count])
        if loss == nil {
            log("lines of \(stream.name) are left out of a container's log: \(LogInput.reason)")
            loss = Loss(isInLine: try !endsLine(spool))
        }
        guard var current = loss else { return .spooled }
        if spool.end - place < capacity,
            let start = current.isInLine ? bytes.firstIndex(of: 10).map({ $0 + 1 }) : bytes.startIndex
        {
            loss?.lines += start > 0 ? 1 : 0
            if try endLoss() {
                try spool.append(UnsafeRawBufferPointer(rebasing: bytes[start...]))
                return .spooled
            }
        }
        current.lines += bytes.count { $0 == 10 }
        current.isInLine = bytes.last != 10
        loss = current
        return .spooled
    }

    /// Lets a line say how many are missing in its place.
    ///
    /// - Returns: false where the disk has no room for it.
    @discardableResult
    func endLoss() throws(SystemError) -> Bool {
        guard let spool, let loss else { return true }
        let missing = "\(loss.lines) lines are missing here: \(LogInput.reason)"
        do throws(SystemError) {
            let lineBreak = try endsLine(spool) ? "" : "\n"
            try spool.append(Array("\(lineBreak)trice: \(missing)\n".utf8))
        } catch {
            guard error.isFullDisk else { throw error }
            return false
        }
        log("a container's log can keep up with \(stream.name) again; \(missing)")
        self.loss = nil
        return true
    }

    private static let reason = "more than max-buffer-size waited"

    /// Whether what is in the spool ends with a line; what was read of it may be gone.
    private func endsLine(_ spool: LogSpool) throws(SystemError) -> Bool {
        spool.end == place ? stream.waiting == 0 : try spool.lastByte() == 10
    }

    /// Reads up to so many of the next bytes of the spool.
    ///
    /// - Returns: 0 where there are no more.
    func readSpool(_ most: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(most, buffer.count)])
        let count = try spool?.read(from: place, into: part) ?? 0
        place += count
        return count
    }

    /// The log has all that was read, and how far it is stands on record.
    func free() { spool?.free(before: loggedPlace) }
}

extension SystemError {
    /// There is no room, or none for this user.
    var isFullDisk: Bool { errno == ENOSPC || errno == EDQUOT }
}
