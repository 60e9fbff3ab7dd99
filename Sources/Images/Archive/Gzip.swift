// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Glibc
import Linux

/// A file packed as gzip has it (RFC 1952), through libarchive(3): the same content always gives the same bytes.
enum Gzip {
    /// - Parameter target: must not be there.
    static func pack(_ source: String, to target: String) throws {
        let input = try Descriptor.open(source, O_RDONLY)
        let output = try Descriptor.open(target, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw ArchiveReader.Problem(description: "no memory")
        }
        defer {
            archive_entry_free(entry)
            archive_write_free(archive)
        }
        func expect(_ status: Int) throws {
            if status >= Int(ARCHIVE_OK) { return }
            throw ArchiveReader.Problem(
                description: archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be packed")
        }
        archive_write_set_format_raw(archive)
        archive_write_add_filter_gzip(archive)
        try expect(Int(archive_write_set_filter_option(archive, "gzip", "timestamp", nil)))
        try expect(Int(archive_write_open_fd(archive, output.raw)))
        archive_entry_set_filetype(entry, UInt32(trice_s_ifreg))
        try expect(Int(archive_write_header(archive, entry)))
        while case let part = try input.read(upTo: 1 << 18), !part.isEmpty {
            try expect(archive_write_data(archive, part, part.count))
        }
        try expect(Int(archive_write_close(archive)))
    }
}
