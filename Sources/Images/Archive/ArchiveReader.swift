// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import Glibc
import Linux

/// Reads the entries of a tar archive, one after the other, through libarchive(3).
///
/// Only tar and the filters gzip and zstd are switched on, so nothing else of the library can be reached by an input.
final class ArchiveReader {
    /// What libarchive or the source says is wrong.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private let archive: OpaquePointer
    private let source: Source
    private(set) var entry: ArchiveEntry

    /// Where the bytes come from, kept alive and called by libarchive's C code.
    fileprivate final class Source {
        let read: () throws -> [UInt8]
        var current: [UInt8] = []
        var storage: UnsafeMutableRawPointer?
        var failure: (any Error)?
        init(_ read: @escaping () throws -> [UInt8]) { self.read = read }
        deinit { storage?.deallocate() }
    }

    enum Format { case tar, raw }

    /// - Parameter read: gives the next bytes, none at the end.
    init(_ format: Format, read: @escaping () throws -> [UInt8]) throws {
        guard let archive = archive_read_new(), let entry = archive_entry_new() else {
            throw Problem(description: "no memory")
        }
        self.archive = archive
        self.entry = ArchiveEntry(entry)
        source = Source(read)
        switch format {
        case .tar: archive_read_support_format_tar(archive)
        case .raw:
            archive_read_support_format_raw(archive)
            archive_read_support_format_empty(archive)
        }
        archive_read_support_filter_gzip(archive)
        archive_read_support_filter_zstd(archive)
        let context = Unmanaged.passUnretained(source).toOpaque()
        let status = archive_read_open(
            archive, context, nil,
            { archive, context, buffer in
                guard let archive, let context, let buffer else { return -1 }
                let source = Unmanaged<Source>.fromOpaque(context).takeUnretainedValue()
                do {
                    let bytes = try source.read()
                    source.storage?.deallocate()
                    let storage = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
                    storage.copyMemory(from: bytes, byteCount: bytes.count)
                    source.storage = storage
                    buffer.pointee = UnsafeRawPointer(storage)
                    return bytes.count
                } catch {
                    source.failure = error
                    trice_archive_fail(archive)
                    return -1
                }
            }, nil)
        if status != ARCHIVE_OK { throw problem() }
    }

    deinit { archive_read_free(archive) }

    /// Goes to the next entry.
    ///
    /// - Returns: false at the end.
    func next() throws -> Bool {
        switch archive_read_next_header2(archive, entry.pointer) {
        case ARCHIVE_OK, ARCHIVE_WARN: return true
        case ARCHIVE_EOF: return false
        default: throw problem()
        }
    }

    /// The next bytes of the entry's content; none at its end. A hole in a sparse file is filled with zeros.
    func read(upTo count: Int = 1 << 17) throws -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let got = archive_read_data(archive, buffer.baseAddress, count)
            failed = got < 0
            filled = max(0, got)
        }
        if failed { throw problem() }
        return bytes
    }

    /// The next block of the entry's content, and where in the file it belongs; nil at its end. What no block covers is a
    /// hole.
    func readBlock() throws -> (offset: Int64, bytes: UnsafeRawBufferPointer)? {
        var block: UnsafeRawPointer?
        var size = 0
        var offset: la_int64_t = 0
        switch archive_read_data_block(archive, &block, &size, &offset) {
        case ARCHIVE_OK: return (offset, UnsafeRawBufferPointer(start: block, count: size))
        case ARCHIVE_EOF: return nil
        default: throw problem()
        }
    }

    private func problem() -> any Error {
        if let failure = source.failure { return failure }
        return Problem(description: archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be read")
    }
}

/// An entry of a tar archive: the fields of its header.
final class ArchiveEntry {
    fileprivate let pointer: OpaquePointer

    fileprivate init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { archive_entry_free(pointer) }

    var path: String { archive_entry_pathname(pointer).map { String(cString: $0) } ?? "" }
    /// S_IFMT of its mode; for a hard link that of what it leads to.
    var type: mode_t { mode_t(archive_entry_filetype(pointer)) }
    var permissions: mode_t { mode_t(archive_entry_perm(pointer)) }
    var size: Int64 { archive_entry_size(pointer) }
    var user: UInt32 { UInt32(truncatingIfNeeded: archive_entry_uid(pointer)) }
    var group: UInt32 { UInt32(truncatingIfNeeded: archive_entry_gid(pointer)) }
    var hardLink: String? { archive_entry_hardlink(pointer).map { String(cString: $0) } }
    var symbolicLink: String? { archive_entry_symlink(pointer).map { String(cString: $0) } }
    var device: dev_t { dev_t(archive_entry_rdev(pointer)) }
    var modified: timespec {
        timespec(tv_sec: Int(archive_entry_mtime(pointer)), tv_nsec: Int(archive_entry_mtime_nsec(pointer)))
    }

    /// Extended attributes: names and values.
    var attributes: [(name: String, value: [UInt8])] {
        var found: [(name: String, value: [UInt8])] = []
        archive_entry_xattr_reset(pointer)
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while archive_entry_xattr_next(pointer, &name, &value, &size) == ARCHIVE_OK {
            guard let name, let value else { continue }
            found.append((String(cString: name), Array(UnsafeRawBufferPointer(start: value, count: size))))
        }
        return found
    }
}
