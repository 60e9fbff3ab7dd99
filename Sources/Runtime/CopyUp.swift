// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// Fills an empty volume with what the image has at the place where it is mounted, as Docker does: files, directories,
/// links, pipes and device nodes with owner, mode, times and extended attributes. Hard links stay links.
struct CopyUp {
    private struct Identity: Hashable {
        let device: dev_t
        let inode: ino_t
    }

    private var linked: [Identity: String] = [:]

    /// Copies the directory at `path` into the volume, unless the volume has something in it already.
    ///
    /// Several containers may come at once: the volume is locked meanwhile. One that cannot be filled whole is empty again, so
    /// that nobody takes it for a full one.
    static func fill(_ volume: Descriptor, from path: String) throws(SystemError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & trice_s_ifmt == trice_s_ifdir else { return }
        let directory = try Descriptor.open(".", O_RDONLY | O_DIRECTORY, at: volume.raw)
        try check("flock", path) { flock(directory.raw, LOCK_EX) }
        guard try names(in: directory.raw, path).isEmpty else { return }
        var copy = CopyUp()
        let source = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        do throws(SystemError) {
            try copy.copyContent(of: source.raw, into: directory.raw, root: directory.raw, path: "")
            try copy.copyAttributes(status, from: source.raw, to: directory.raw, path)
        } catch {
            for name in try names(in: directory.raw, path) { try removeTree(name, at: directory.raw) }
            throw error
        }
    }

    private static func names(in directory: Int32, _ path: String) throws(SystemError) -> [String] {
        let own = try Descriptor.open(".", O_RDONLY | O_DIRECTORY, at: directory)
        guard let stream = fdopendir(own.release()) else { throw SystemError("fdopendir", path) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    private mutating func copyContent(of source: Int32, into target: Int32, root: Int32, path: String)
        throws(SystemError)
    {
        for name in try CopyUp.names(in: source, path) {
            try copyEntry(name, from: source, into: target, root: root, path: path.isEmpty ? name : "\(path)/\(name)")
        }
    }

    private mutating func copyEntry(_ name: String, from source: Int32, into target: Int32, root: Int32, path: String)
        throws(SystemError)
    {
        var status = stat()
        try check("fstatat", path) { fstatat(source, name, &status, AT_SYMLINK_NOFOLLOW) }
        let type = status.st_mode & trice_s_ifmt
        if type != trice_s_ifdir && status.st_nlink > 1 {
            let identity = Identity(device: status.st_dev, inode: status.st_ino)
            if let first = linked[identity] {
                try check("linkat", path) { linkat(root, first, target, name, 0) }
                return
            }
            linked[identity] = path
        }
        switch type {
        case trice_s_ifdir:
            try check("mkdirat", path) { mkdirat(target, name, 0o700) }
            let from = try Descriptor.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: source)
            let to = try Descriptor.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: target)
            try copyContent(of: from.raw, into: to.raw, root: root, path: path)
            try copyAttributes(status, from: from.raw, to: to.raw, path)
        case trice_s_ifreg:
            let from = try Descriptor.open(name, O_RDONLY | O_NOFOLLOW, at: source)
            let to = try Descriptor.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, at: target)
            while try check("sendfile", path, { trice_send_file(from.raw, to.raw, 1 << 30) }) > 0 {}
            try copyAttributes(status, from: from.raw, to: to.raw, path)
        case trice_s_iflnk:
            var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            try check("readlinkat", path) { readlinkat(source, name, &text, Int(PATH_MAX)) }
            try check("symlinkat", path) { symlinkat(text, target, name) }
            try copyNodeAttributes(status, name, in: target, path, mode: false)
        default:
            try check("mknodat", path) { mknodat(target, name, status.st_mode, status.st_rdev) }
            try copyNodeAttributes(status, name, in: target, path, mode: true)
        }
    }

    private func copyNodeAttributes(_ status: stat, _ name: String, in target: Int32, _ path: String, mode: Bool)
        throws(SystemError)
    {
        try check("fchownat", path) { fchownat(target, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) }
        if mode { try check("fchmodat", path) { fchmodat(target, name, status.st_mode & 0o7777, 0) } }
        let times = [status.st_atim, status.st_mtim]
        try check("utimensat", path) { utimensat(target, name, times, AT_SYMLINK_NOFOLLOW) }
    }

    /// The owner before the mode, as chown(2) clears set-user-ID; the times last.
    private func copyAttributes(_ status: stat, from source: Int32, to target: Int32, _ path: String)
        throws(SystemError)
    {
        try check("fchown", path) { fchown(target, status.st_uid, status.st_gid) }
        try check("fchmod", path) { fchmod(target, status.st_mode & 0o7777) }
        try copyExtendedAttributes(from: source, to: target, path)
        let times = [status.st_atim, status.st_mtim]
        try check("futimens", path) { futimens(target, times) }
    }

    private func copyExtendedAttributes(from source: Int32, to target: Int32, _ path: String) throws(SystemError) {
        var names = [CChar](repeating: 0, count: 1 << 16)
        let length = flistxattr(source, &names, names.count)
        if length <= 0 { return }
        for name in names[..<length].split(separator: 0) {
            let key = Array(name) + [0]
            var value = [UInt8](repeating: 0, count: 1 << 16)
            let size = try check("fgetxattr", path) { fgetxattr(source, key, &value, value.count) }
            try check("fsetxattr", path) { fsetxattr(target, key, value, size, 0) }
        }
    }
}
