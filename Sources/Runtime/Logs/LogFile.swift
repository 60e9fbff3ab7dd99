// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The end of a container's log, where records are appended, and its rotation.
final class LogFile {
    private let segments: LogSegments
    private let rotation: LogRotation
    private let compression: LogCompression?
    /// The number of the oldest file that somebody still has to read, besides those that are kept.
    private let oldestNeeded: () -> Int
    private var file: Descriptor
    /// The newest file, which is written.
    private(set) var number: Int
    private(set) var size: Int

    /// Opens the newest file, or makes the first, and finishes what a killed writer had begun.
    ///
    /// - Parameters:
    ///   - path: of the first file.
    ///   - progress: where the killed writer's last whole write ended, which is what counts.
    init(
        _ path: String, _ rotation: LogRotation, from progress: LogProgress?, on loop: EventLoop,
        oldestNeeded: @escaping () -> Int = { .max }
    ) throws(SystemError) {
        (self.rotation, self.oldestNeeded) = (rotation, oldestNeeded)
        segments = LogSegments(path: path)
        number = try segments.numbers().last ?? 0
        // Only full files are compressed, so the next record after a compressed one begins a file.
        if exists(segments.compressed(number)) { number += 1 }
        (file, size) = try LogFile.open(segments.plain(number))
        compression = rotation.compresses ? LogCompression(segments, on: loop) : nil
        if let progress, progress.number <= number {
            // It rotates between writes only: in a newer file than the recorded one nothing counts.
            try cut(to: progress.number == number ? min(size, progress.size) : 0)
        }
        try endRecord()
        tidy()
    }

    var isFull: Bool { rotation.largest.map { size >= $0 } ?? false }
    /// So many bytes of output go into the newest file whatever their lines are, which take at most 41 bytes each; but
    /// never so few that small files make much work.
    var room: Int { rotation.largest.map { max(512, ($0 - size) / 41) } ?? .max }

    /// Appends whole records. Where that fails, none of them is in the log.
    func write(_ records: [UInt8]) throws(SystemError) {
        do throws(SystemError) { try file.writeAll(records) } catch {
            // A part that was written before the disk was full.
            try cut(to: size)
            throw error
        }
        size += records.count
    }

    /// Has whole records appended aside; nothing else may be done with the log meanwhile. Where that fails, none of them is
    /// in it.
    func write(
        _ records: [UInt8], by aside: AsideWrite, _ then: @escaping (SystemError?) -> Void
    ) throws(SystemError) {
        try aside.begin(records, to: file) { failure in
            do throws(SystemError) {
                if let failure {
                    try self.cut(to: self.size)
                    throw failure
                }
                self.size += records.count
                then(nil)
            } catch { then(error) }
        }
    }

    /// Goes on in a new file. `tidy()` belongs after it.
    func rotate() throws(SystemError) {
        (file, size) = try LogFile.open(segments.plain(number + 1))
        number += 1
    }

    /// Removes the files that are too many, and has the others compressed.
    func tidy() {
        do throws(SystemError) { try sortOut() } catch { log("old files of a container's log stay: \(error)") }
    }

    private func sortOut() throws(SystemError) {
        for old in try segments.unfinishedNumbers() where !(compression?.isUnderWay(old) ?? false) {
            try remove(segments.unfinished(old))
        }
        for old in try segments.numbers() where old < number {
            if rotation.largest != nil && old <= number - rotation.files && old < oldestNeeded() {
                try remove(segments.compressed(old))
                try remove(segments.plain(old))
            } else if exists(segments.plain(old)) {
                if exists(segments.compressed(old)) { try remove(segments.plain(old)) } else { compression?.add(old) }
            }
        }
    }

    private func remove(_ path: String) throws(SystemError) {
        if unlink(path) != 0 && errno != ENOENT { throw SystemError("unlink", path) }
    }

    private static func open(_ path: String) throws(SystemError) -> (Descriptor, Int) {
        let file = try Descriptor.open(path, O_RDWR | O_APPEND | O_CREAT, mode: 0o600)
        var status = stat()
        try check("fstat", path) { fstat(file.raw, &status) }
        return (file, Int(status.st_size))
    }

    private func cut(to length: Int) throws(SystemError) {
        try check("ftruncate", segments.plain(number)) { ftruncate(file.raw, off_t(length)) }
        size = length
    }

    /// A record that a power failure or an earlier version cut off gets its end, so that the next one begins a line.
    private func endRecord() throws(SystemError) {
        guard size > 0 else { return }
        var last: UInt8 = 0
        try check("pread") { pread(file.raw, &last, 1, off_t(size - 1)) }
        if last != 10 { try write([10]) }
    }
}
