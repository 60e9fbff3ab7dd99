// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Glibc
import Linux

/// A file or a tree as a tar archive on a descriptor and back, through libarchive(3): what `cp` copies.
///
/// Paths are those of the calling process' root. Nothing is written outside of the place that is named: no entry goes
/// through a symbolic link or by `..`.
package enum TreeArchive {
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// Writes a file or a tree as an archive whose entries begin with the path's last component.
    ///
    /// - Parameters:
    ///   - path: with `/.` at its end, a directory's entries begin with `.`.
    ///   - followsLink: whether a symbolic link at the path itself is followed.
    ///   - isBare: whether the entries of `DIR/.` are named without `./`, and the directory itself is left out.
    package static func pack(
        _ path: String, to output: Descriptor, followsLink: Bool = false, isBare: Bool = false
    ) throws {
        try pack(path, to: output, followsLink: followsLink, isBare: isBare, layer: nil)
    }

    /// Writes the upper directory of a container's overlay as a layer.
    ///
    /// - Parameter ids: the container's; nil for the host's.
    package static func packLayer(_ upper: String, to output: Descriptor, ids: IDMapping?) throws {
        try pack("\(upper)/.", to: output, isBare: true, layer: LayerEntry(ids: ids))
    }

    private static func pack(
        _ path: String, to output: Descriptor, followsLink: Bool = false, isBare: Bool, layer: LayerEntry?
    ) throws {
        var path = path
        if followsLink { path = try resolved(path) }
        let (directory, name) = split(path)
        // The archive's entries are relative to where the process stands.
        try check("chdir", directory) { chdir(directory) }
        var status = stat()
        try check("lstat", path) { lstat(name, &status) }
        guard let writer = archive_write_new(), let disk = archive_read_disk_new(), let entry = archive_entry_new()
        else {
            throw Problem(description: "no memory")
        }
        defer {
            archive_entry_free(entry)
            archive_read_free(disk)
            archive_write_free(writer)
        }
        archive_write_set_format_pax_restricted(writer)
        // No padding of the last block: a reader on a pipe need not wait for it.
        archive_write_set_bytes_in_last_block(writer, 1)
        try expect(archive_write_open_fd(writer, output.raw), writer)
        archive_read_disk_set_symlink_physical(disk)
        try expect(archive_read_disk_open(disk, name), disk)
        while true {
            let next = archive_read_next_header2(disk, entry)
            if next == ARCHIVE_EOF { break }
            try expect(next, disk)
            if archive_entry_filetype(entry) == trice_s_ifdir { archive_read_disk_descend(disk) }
            // A socket cannot stand in an archive.
            if archive_entry_filetype(entry) == trice_s_ifsock { continue }
            if isBare {
                let path = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
                if path == "." { continue }
                archive_entry_set_pathname(entry, path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
            }
            let name = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
            let marker = try layer?.translate(entry, name)
            try expect(archive_write_header(writer, entry), writer)
            try copyContent(from: disk, to: writer)
            guard let marker else { continue }
            archive_entry_set_pathname(entry, marker)
            archive_entry_set_filetype(entry, UInt32(trice_s_ifreg))
            archive_entry_set_size(entry, 0)
            try expect(archive_write_header(writer, entry), writer)
        }
        try expect(archive_write_close(writer), writer)
    }

    /// Writes what an archive holds to the path.
    ///
    /// Into the path where it is a directory, in place of it where it is a file, and under its name where nothing is
    /// there yet; the entries of an archive of `DIR/.` go into the directory, which is made.
    ///
    /// - Parameter keepsOwners: whether files belong to whom the archive says; else to the calling process.
    package static func unpack(_ input: Descriptor, to path: String, keepsOwners: Bool = false) throws {
        guard let reader = archive_read_new(), let disk = archive_write_disk_new(), let entry = archive_entry_new()
        else {
            throw Problem(description: "no memory")
        }
        defer {
            archive_entry_free(entry)
            archive_read_free(reader)
            archive_write_free(disk)
        }
        archive_read_support_format_tar(reader)
        archive_read_support_filter_gzip(reader)
        archive_read_support_filter_zstd(reader)
        try expect(archive_read_open_fd(reader, input.raw, 1 << 16), reader)
        var flags = ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_UNLINK
        flags |= ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT
        if keepsOwners { flags |= ARCHIVE_EXTRACT_OWNER }
        archive_write_disk_set_options(disk, flags)
        var place: Place?
        while true {
            let next = archive_read_next_header2(reader, entry)
            if next == ARCHIVE_EOF { break }
            try expect(next, reader)
            let name = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
            let known =
                try place ?? Place(path, first: name, isDirectory: archive_entry_filetype(entry) == trice_s_ifdir)
            place = known
            archive_entry_set_pathname(entry, known.renamed(name))
            if let target = archive_entry_hardlink(entry) {
                archive_entry_set_hardlink(entry, known.renamed(String(cString: target)))
            }
            try expect(archive_write_header(disk, entry), disk)
            try copyContent(from: reader, to: disk, isOnDisk: true)
            try expect(archive_write_finish_entry(disk), disk)
        }
        try expect(archive_write_close(disk), disk)
        if place == nil { throw Problem(description: "the archive is empty") }
    }

    /// Where entries go: the process stands in a directory, and the first component of each name becomes another one.
    private struct Place {
        private let first: String
        private let replacement: String

        init(_ path: String, first name: String, isDirectory: Bool) throws {
            first = name.split(separator: "/").first.map(String.init) ?? "."
            var status = stat()
            let exists = stat(path, &status) == 0
            let isThereDirectory = exists && status.st_mode & trice_s_ifmt == trice_s_ifdir
            if isThereDirectory {
                try check("chdir", path) { chdir(path) }
                replacement = first
                return
            }
            if exists && isDirectory { throw Problem(description: "\(path) is a file, and cannot become a directory") }
            if !exists && !isDirectory && path.hasSuffix("/") { throw SystemError("chdir", path, errno: ENOENT) }
            let (directory, last) = TreeArchive.split(path)
            try check("chdir", directory) { chdir(directory) }
            replacement = last
        }

        func renamed(_ name: String) -> String {
            let parts = name.split(separator: "/")
            guard parts.first.map(String.init) == first else { return name }
            return ([replacement] + parts.dropFirst().map(String.init)).joined(separator: "/")
        }
    }

    // MARK: libarchive

    private static func copyContent(from source: OpaquePointer, to target: OpaquePointer, isOnDisk: Bool = false) throws
    {
        var block: UnsafeRawPointer?
        var size = 0
        var offset: la_int64_t = 0
        var written: la_int64_t = 0
        while true {
            let status = archive_read_data_block(source, &block, &size, &offset)
            if status == ARCHIVE_EOF { return }
            try expect(status, source)
            if isOnDisk {
                if archive_write_data_block(target, block, size, offset) < 0 { throw problem(target) }
                continue
            }
            // A hole of a sparse file is zeros in the archive.
            let zeros = [UInt8](repeating: 0, count: 1 << 16)
            while written < offset {
                let count = Int(min(la_int64_t(zeros.count), offset - written))
                if archive_write_data(target, zeros, count) < 0 { throw problem(target) }
                written += la_int64_t(count)
            }
            if size > 0 && archive_write_data(target, block, size) < 0 { throw problem(target) }
            written += la_int64_t(size)
        }
    }

    private static func expect(_ status: Int32, _ archive: OpaquePointer) throws {
        // ARCHIVE_WARN: an attribute that the file system does not have, as cp(1) passes over it.
        if status != ARCHIVE_OK && status != ARCHIVE_WARN { throw problem(archive) }
    }

    private static func problem(_ archive: OpaquePointer) -> Problem {
        Problem(
            description: archive_error_string(archive).map { String(cString: $0) } ?? "the archive cannot be copied")
    }

    // MARK: Paths

    /// The directory of a path and its last component, which is `.` for `DIR/.`.
    private static func split(_ path: String) -> (directory: String, name: String) {
        if path.hasSuffix("/.") || path == "." { return (path, ".") }
        let bare = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = bare.lastIndex(of: "/") else { return (".", bare) }
        let name = String(bare[bare.index(after: slash)...])
        if name.isEmpty { return ("/", ".") }
        return (slash == bare.startIndex ? "/" : String(bare[..<slash]), name)
    }

    private static func resolved(_ path: String) throws(SystemError) -> String {
        guard let real = realpath(path, nil) else { throw SystemError("realpath", path) }
        defer { free(real) }
        return String(cString: real)
    }
}
