// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// Reads a whole file of at most `limit` bytes.
///
/// - Throws: `SystemError` of open(2) or read(2); EFBIG where the file is larger than `limit`.
package func readFile(_ path: String, limit: Int = 1 << 30) throws(SystemError) -> [UInt8] {
    let file = try Descriptor.open(path, O_RDONLY)
    var status = stat()
    try check("fstat", path) { fstat(file.raw, &status) }
    var bytes: [UInt8] = []
    var chunk = max(4096, min(Int(status.st_size) + 1, limit + 1))
    while true {
        let part = try file.read(upTo: chunk)
        if part.isEmpty { return bytes }
        bytes += part
        if bytes.count > limit { throw SystemError("read", path, errno: EFBIG) }
        chunk = 1 << 16
    }
}

/// The file's text, with a wrong UTF-8 sequence replaced by U+FFFD.
package func readText(_ path: String, limit: Int = 1 << 26) throws(SystemError) -> String {
    String(decoding: try readFile(path, limit: limit), as: UTF8.self)
}

/// Replaces a file so that a reader finds the old content or the new one, never a part: written to a temporary name in
/// the same directory, then renamed over it.
///
/// - Parameter durable: fsync(2) the file before and its directory after the rename, for what must survive a power loss.
package func writeAtomically(
    _ path: String, _ bytes: some Collection<UInt8>, mode: mode_t = 0o600, durable: Bool = true
) throws(SystemError) {
    let temporary = "\(path).\(getpid()).tmp"
    do throws(SystemError) {
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        do throws(SystemError) { try file.writeAll(bytes) } catch {
            throw SystemError(error.call, path, errno: error.errno)
        }
        if durable { try check("fsync", temporary) { fsync(file.raw) } }
        try check("rename", path) { rename(temporary, path) }
    } catch {
        unlink(temporary)
        throw error
    }
    if durable { try syncDirectory(parentDirectory(path)) }
}

/// fsync(2) of a directory, which makes the names in it survive a power loss.
package func syncDirectory(_ path: String) throws(SystemError) {
    let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    try check("fsync", path) { fsync(directory.raw) }
}

/// syncfs(2): everything on the file system that a path is on survives a power loss.
package func syncFileSystem(_ path: String) throws(SystemError) {
    let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    try check("syncfs", path) { trice_syncfs(directory.raw) }
}

/// Makes the directory and those above it that do not exist, as `mkdir -p`.
///
/// - Throws: EEXIST where something else is there, or a symbolic link to something else.
package func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
    if mkdir(path, mode) == 0 { return }
    if errno == ENOENT && path != "/" && !path.isEmpty {
        try makeDirectories(parentDirectory(path), mode: mode)
        if mkdir(path, mode) == 0 { return }
    }
    let failure = SystemError("mkdir", path)
    var status = stat()
    if failure.errno == EEXIST && stat(path, &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ifdir { return }
    throw failure
}

/// `/a` for `/a/b`, `.` for `a`, `/` for `/a`.
package func parentDirectory(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Whether something is there, a dangling symbolic link included.
package func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
}

/// The names in a directory, without `.` and `..`, sorted.
package func listDirectory(_ path: String) throws(SystemError) -> [String] {
    guard let stream = opendir(path) else { throw SystemError("opendir", path) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Removes a file or a whole tree, without following symbolic links and without crossing into another name on the way
/// (each step is relative to an open directory). What is not there is no error.
package func removeTree(_ path: String, at directory: Int32 = AT_FDCWD) throws(SystemError) {
    if unlinkat(directory, path, 0) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM || errno == ENOTEMPTY else { throw SystemError("unlink", path) }
    do {
        let tree = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: directory)
        guard let stream = fdopendir(dup(tree.raw)) else { throw SystemError("fdopendir", path) }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { try removeTree(name, at: tree.raw) }
        }
    }
    if unlinkat(directory, path, AT_REMOVEDIR) != 0 && errno != ENOENT { throw SystemError("rmdir", path) }
}

/// A lock on a file (flock(2)), held until the value goes away. The file is made if it is not there.
package final class FileLock {
    private let file: Descriptor

    /// A process that inherits this holds the lock too, until it closes it.
    package var raw: Int32 { file.raw }

    /// Waits until the lock is free.
    package init(_ path: String, shared: Bool = false) throws(SystemError) {
        file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        let raw = file.raw
        try check("flock", path) { flock(raw, shared ? LOCK_SH : LOCK_EX) }
    }

    /// Takes the lock if it is free, else nil.
    package init?(ifFree path: String) throws(SystemError) {
        file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        if flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return nil }
            throw SystemError("flock", path)
        }
    }
}

/// A lock that a process has until it is gone, the system calls that it was in included, and that none of its children has
/// (fcntl_locking(2)).
package final class ProcessLock {
    private let file: Descriptor

    /// Waits until no other process has it.
    package init(_ path: String) throws(SystemError) {
        file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        var whole = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        let raw = file.raw
        _ = try withUnsafeMutablePointer(to: &whole) { pointer throws(SystemError) in
            try check("fcntl", path) { trice_fcntl(raw, F_SETLKW, Int(bitPattern: pointer)) }
        }
    }
}

/// When the file's content changed last, mixed with its inode so that a replaced file shows too; 0 where there is none.
package func modificationTime(_ path: String) -> UInt64 {
    var status = stat()
    guard stat(path, &status) == 0 else { return 0 }
    return UInt64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ UInt64(status.st_mtim.tv_nsec)
        ^ (UInt64(status.st_ino) << 20)
}
