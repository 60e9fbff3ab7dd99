// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Core
import Glibc
import Linux

/// Writes the entries of a layer's tar archive below a directory, as overlayfs wants a layer (kernel documentation,
/// filesystems/overlayfs.rst): `.wh.NAME` becomes a character device 0/0. What `.wh..wh..opq` makes opaque is noted, as the
/// attribute for it takes more rights than a writer of layers has (OCI image specification, layer.md).
///
/// No entry can reach outside: each directory on its way is opened relative to the one above it, beneath the layer's root
/// and without following symbolic links (openat2(2), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS).
struct LayerWriter {
    /// What an archive may hold at most.
    struct Limits {
        var entries = 2_000_000
        /// Of content, holes not counted.
        var bytes: Int64 = 64 << 30
        var pathLength = 4095
    }

    /// Why an entry is refused.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private let root: Descriptor
    private let limits: Limits
    private let makesDevices: Bool
    /// Directories that the archive does not name, those above before those in them.
    private(set) var implied: [String] = []
    /// Directories that hide what layers below have in them.
    private(set) var opaque: [String] = []
    private var entries = 0
    /// The content written so far, in bytes.
    private(set) var bytes: Int64 = 0
    /// The times of directories are set last, when nothing in them changes any more.
    private var directoryTimes: [(path: String, time: timespec)] = []

    /// - Parameter makesDevices: whether this process may make device nodes; else they are left out, as no container of its
    ///   could use them.
    init(into directory: String, limits: Limits = Limits(), makesDevices: Bool = true) throws(SystemError) {
        root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY)
        (self.limits, self.makesDevices) = (limits, makesDevices)
    }

    /// Writes all entries.
    mutating func write(_ archive: ArchiveReader) throws {
        while try archive.next() {
            let entry = archive.entry
            do { try write(entry, from: archive) } catch let error as SystemError {
                throw Refusal(description: "\(entry.path): \(error)")
            }
        }
        for (path, time) in directoryTimes.reversed() {
            guard let directory = try? open(path) else { continue }  // a later entry replaced it
            futimens(directory.raw, [time, time])
        }
    }

    private mutating func write(_ entry: ArchiveEntry, from archive: ArchiveReader) throws {
        entries += 1
        if entries > limits.entries { throw Refusal(description: "more than \(limits.entries) entries") }
        let parts = try components(entry.path)
        guard let name = parts.last else { return try setRoot(entry) }
        let parent = try directory(Array(parts.dropLast()))
        if name == ".wh..wh..opq" {
            opaque.append(parts.dropLast().joined(separator: "/"))
        } else if name.hasPrefix(".wh.") {
            let hidden = String(name.dropFirst(4))
            guard !hidden.isEmpty, hidden != ".", hidden != ".." else {
                throw Refusal(description: "\(entry.path): a whiteout of nothing")
            }
            try hide(hidden, in: parent, (parts.dropLast() + [hidden]).joined(separator: "/"))
        } else {
            try write(entry, name, in: parent, path: parts.joined(separator: "/"), from: archive)
        }
    }

    private mutating func write(
        _ entry: ArchiveEntry, _ name: String, in parent: Descriptor, path: String, from archive: ArchiveReader
    ) throws {
        if let target = entry.hardLink { return try link(name, in: parent, to: target, entry.path) }
        let type = entry.type
        if type == trice_s_ifdir {
            var status = stat()
            let isThere = fstatat(parent.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0
            let isHidden = isWhiteout(name, in: parent)
            if isThere && status.st_mode & trice_s_ifmt != trice_s_ifdir { try removeTree(name, at: parent.raw) }
            if mkdirat(parent.raw, name, 0o700) != 0 && errno != EEXIST { throw SystemError("mkdirat", path) }
            let made = try Descriptor.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: parent.raw)
            // Its whiteout is gone, and would let show what layers below have in a directory of this name.
            if isHidden { opaque.append(path) }
            try setAttributes(entry, made)
            directoryTimes.append((path, entry.modified))
            return
        }
        try removeTree(name, at: parent.raw)
        switch type {
        case trice_s_ifreg:
            let file = try Descriptor.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, at: parent.raw)
            try copyContent(entry, from: archive, to: file)
            try setAttributes(entry, file)
            futimens(file.raw, [entry.modified, entry.modified])
        case trice_s_iflnk:
            guard let target = entry.symbolicLink else {
                throw Refusal(description: "\(path): a symbolic link without a target")
            }
            try check("symlinkat", path) { symlinkat(target, parent.raw, name) }
            try setNodeAttributes(entry, name, in: parent, hasMode: false)
        case trice_s_ifchr, trice_s_ifblk, trice_s_ififo:
            if type != trice_s_ififo && !makesDevices && entry.device != 0 { return }
            try check("mknodat", path) { mknodat(parent.raw, name, type | 0o600, entry.device) }
            try setNodeAttributes(entry, name, in: parent, hasMode: true)
        default: throw Refusal(description: "\(path): an entry of an unknown type")
        }
    }

    private mutating func copyContent(_ entry: ArchiveEntry, from archive: ArchiveReader, to file: Descriptor) throws {
        var end: Int64 = 0
        while let block = try archive.readBlock() {
            // A file has no two contents at one place, and none beyond its end.
            guard block.offset >= end, block.offset + Int64(block.bytes.count) <= entry.size else {
                throw Refusal(description: "\(entry.path): content outside of its \(entry.size) bytes")
            }
            end = block.offset + Int64(block.bytes.count)
            bytes += Int64(block.bytes.count)
            if bytes > limits.bytes { throw Refusal(description: "more than \(limits.bytes) bytes when unpacked") }
            try file.writeAll(block.bytes, at: block.offset)
        }
        // What comes after the last block is a hole, or missing: libarchive has refused the latter.
        if end < entry.size { try check("ftruncate", entry.path) { ftruncate(file.raw, off_t(entry.size)) } }
    }

    private func link(_ name: String, in parent: Descriptor, to target: String, _ path: String) throws {
        let parts = try components(target)
        guard let last = parts.last else { throw Refusal(description: "\(path): a hard link to nothing") }
        let directory = try open(parts.dropLast().joined(separator: "/"))
        try removeTree(name, at: parent.raw)
        try check("linkat", "\(path) to \(target)") { linkat(directory.raw, last, parent.raw, name, 0) }
    }

    // MARK: Whiteouts

    /// Hides what layers below have under this name; not what this layer has, wherever its whiteout stands in it.
    private mutating func hide(_ name: String, in parent: Descriptor, _ path: String) throws {
        var status = stat()
        guard fstatat(parent.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            try check("mknodat", path) { mknodat(parent.raw, name, trice_s_ifchr, 0) }
            return
        }
        if status.st_mode & trice_s_ifmt == trice_s_ifdir { opaque.append(path) }
    }

    private func isWhiteout(_ name: String, in parent: Descriptor) -> Bool {
        var status = stat()
        return fstatat(parent.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0
            && status.st_mode & trice_s_ifmt == trice_s_ifchr
            && status.st_rdev == 0
    }

    // MARK: Directories

    /// The names on the way, without `.`; `..` and what leads nowhere is refused.
    private func components(_ path: String) throws -> [String] {
        if path.utf8.count > limits.pathLength { throw Refusal(description: "a path of \(path.utf8.count) bytes") }
        let parts = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        if parts.contains("..") { throw Refusal(description: "\(path): leads out of the layer") }
        return parts
    }

    private func open(_ path: String) throws(SystemError) -> Descriptor { try root.openDirectory(beneath: path) }

    /// The directory, made with those above it where the archive has not named them.
    private mutating func directory(_ parts: [String]) throws -> Descriptor {
        let path = parts.joined(separator: "/")
        let problem: SystemError
        do throws(SystemError) { return try open(path) } catch { problem = error }
        guard let name = parts.last else { throw Refusal(description: "the layer's root is gone") }
        let parent = try directory(Array(parts.dropLast()))
        let isHidden = isWhiteout(name, in: parent)
        guard problem.errno == ENOENT || isHidden else {
            throw Refusal(description: "\(path): a symbolic link or a file stands in the way (\(problem.name))")
        }
        if isHidden { try removeTree(name, at: parent.raw) }
        try check("mkdirat", path) { mkdirat(parent.raw, name, 0o755) }
        if isHidden { opaque.append(path) } else { implied.append(path) }
        return try open(path)
    }

    // MARK: Attributes

    private func setRoot(_ entry: ArchiveEntry) throws {
        guard entry.type == trice_s_ifdir else { throw Refusal(description: "the root is no directory") }
        try setAttributes(entry, try open(""))
    }

    /// The owner before the mode, as chown(2) clears set-user-ID and capabilities.
    private func setAttributes(_ entry: ArchiveEntry, _ file: Descriptor) throws {
        try check("fchown", entry.path) { fchown(file.raw, entry.user, entry.group) }
        try check("fchmod", entry.path) { fchmod(file.raw, entry.permissions & 0o7777) }
        for (name, value) in entry.attributes where LayerWriter.isTaken(name) {
            try check("fsetxattr", "\(name) of \(entry.path)") { fsetxattr(file.raw, name, value, value.count, 0) }
        }
    }

    /// Attributes that a process in a container can set itself. The others speak to the kernel of the host that the image was
    /// made on: labels of its security modules, `trusted.overlay.…`, `user.overlay.…`.
    private static func isTaken(_ attribute: String) -> Bool {
        attribute.hasPrefix("user.") && !attribute.hasPrefix("user.overlay.") || attribute == "security.capability"
    }

    private func setNodeAttributes(_ entry: ArchiveEntry, _ name: String, in parent: Descriptor, hasMode: Bool) throws {
        try check("fchownat", entry.path) { fchownat(parent.raw, name, entry.user, entry.group, AT_SYMLINK_NOFOLLOW) }
        if hasMode { try check("fchmodat", entry.path) { fchmodat(parent.raw, name, entry.permissions & 0o7777, 0) } }
        let time = entry.modified
        utimensat(parent.raw, name, [time, time], AT_SYMLINK_NOFOLLOW)
    }
}
