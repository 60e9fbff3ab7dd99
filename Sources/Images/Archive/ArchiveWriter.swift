// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Glibc
import Linux

/// Writes files, one after the other, as a tar archive on a descriptor, through libarchive(3).
final class ArchiveWriter {
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let output: Descriptor

    init(_ output: Descriptor) throws {
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw ArchiveReader.Problem(description: "no memory")
        }
        (self.archive, self.entry, self.output) = (archive, entry, output)
        archive_write_set_format_pax_restricted(archive)
        archive_write_set_bytes_in_last_block(archive, 1)
        try expect(archive_write_open_fd(archive, output.raw))
    }

    deinit {
        archive_entry_free(entry)
        archive_write_free(archive)
    }

    func directory(_ path: String) throws { try header(path, type: trice_s_ifdir, mode: 0o755, size: 0) }

    func file(_ path: String, _ bytes: [UInt8]) throws {
        try header(path, type: trice_s_ifreg, mode: 0o644, size: Int64(bytes.count))
        try write(bytes)
    }

    /// A file with the content of one of this host.
    func file(_ path: String, contentsOf source: String) throws {
        let file = try Descriptor.open(source, O_RDONLY)
        var status = stat()
        try check("fstat", source) { fstat(file.raw, &status) }
        try header(path, type: trice_s_ifreg, mode: 0o644, size: Int64(status.st_size))
        while case let part = try file.read(upTo: 1 << 18), !part.isEmpty { try write(part) }
    }

    func close() throws { try expect(archive_write_close(archive)) }

    private func header(_ path: String, type: mode_t, mode: mode_t, size: Int64) throws {
        archive_entry_clear(entry)
        archive_entry_set_pathname(entry, path)
        archive_entry_set_filetype(entry, UInt32(type))
        archive_entry_set_perm(entry, mode)
        archive_entry_set_size(entry, size)
        // The same image is the same archive, whenever it is written.
        archive_entry_set_mtime(entry, 0, 0)
        try expect(archive_write_header(archive, entry))
    }

    private func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress! + done, $0.count - done) }
            if count <= 0 { throw problem() }
            done += count
        }
    }

    private func expect(_ status: Int32) throws { if status != ARCHIVE_OK { throw problem() } }

    private func problem() -> ArchiveReader.Problem {
        ArchiveReader.Problem(
            description: archive_error_string(archive).map { String(cString: $0) } ?? "the archive cannot be written")
    }
}
