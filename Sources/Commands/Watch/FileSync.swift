// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime
import Supervisor

/// Makes files of a running container as they are on the host.
struct FileSync {
    /// A path of the host, and where it belongs in the container.
    struct Pair: Hashable {
        var source: String
        var target: String
    }

    private enum Entry {
        case file(Descriptor, mode: mode_t)
        case link(String)
        case directory(mode: mode_t)
        case gone
    }

    /// Files that are open at a time.
    private static let batch = 200

    let record: ContainerRecord
    let paths: ProjectPaths

    /// Writes what is there, and removes what is not. A file comes whole or not at all, and belongs to whom the one before
    /// belonged to, a new one to the owner of its directory.
    ///
    /// - Throws: `Failure` that names the container; the rest of the batch may be missing then.
    func run(_ pairs: [Pair]) throws {
        var rest = pairs.sorted { $0.target < $1.target }[...]
        while !rest.isEmpty {
            let part = try rest.prefix(FileSync.batch).map { (try entry($0.source), $0.target) }
            rest = rest.dropFirst(FileSync.batch)
            try inContainer { for (entry, target) in part { try write(entry, to: target) } }
        }
    }

    private func entry(_ path: String) throws -> Entry {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .gone }
        let mode = status.st_mode & 0o7777
        switch status.st_mode & trice_s_ifmt {
        case trice_s_ifdir: return .directory(mode: mode)
        case trice_s_iflnk: return .link(try readLink(path))
        case trice_s_ifreg:
            do throws(SystemError) { return .file(try Descriptor.open(path, O_RDONLY), mode: mode) } catch {
                // It went between the two looks.
                if error.errno == ENOENT { return .gone }
                throw error
            }
        default: throw Failure("\(path) is neither a file, a directory nor a link, and cannot be synchronised")
        }
    }

    /// Runs the body in a child that has entered the container's files.
    private func inContainer(_ body: () throws -> Void) throws {
        let errors = try Descriptor.pipe()
        let child = try check("fork") { trice_fork() }
        if child == 0 {
            do {
                try ContainerFiles.enter(record, paths)
                try body()
                _exit(0)
            } catch {
                // The parent says it; a full pipe cannot be, as it is empty.
                do { try errors.write.writeAll("\(error)".utf8.prefix(1024)) } catch { _exit(2) }
                _exit(1)
            }
        }
        errors.write.close()
        let reason = String(decoding: try errors.read.read(upTo: 1024), as: UTF8.self)
        if try exitStatus(ofChild: child) != .exited(0) {
            throw Failure("container \(record.name) cannot be synchronised: \(reason)")
        }
    }

    private func write(_ entry: Entry, to target: String) throws(SystemError) {
        switch entry {
        case .gone: try removeTree(target)
        case .directory(let mode):
            try makeDirectories(target)
            try check("chmod", target) { chmod(target, mode) }
        case .link(let text):
            try makeDirectories(parentDirectory(target))
            try replace(target) { temporary throws(SystemError) in
                try check("symlink", target) { symlink(text, temporary) }
            }
        case .file(let source, let mode):
            try makeDirectories(parentDirectory(target))
            var old = stat()
            let isThere = lstat(target, &old) == 0 || lstat(parentDirectory(target), &old) == 0
            try replace(target) { temporary throws(SystemError) in
                let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                while true {
                    let bytes = try source.read(upTo: 1 << 16)
                    if bytes.isEmpty { break }
                    try file.writeAll(bytes)
                }
                if isThere { try check("fchown", target) { fchown(file.raw, old.st_uid, old.st_gid) } }
                try check("fchmod", target) { fchmod(file.raw, mode) }
            }
        }
    }

    /// A directory in the way goes; a reader finds the old file or the new one.
    private func replace(_ target: String, _ make: (String) throws(SystemError) -> Void) throws(SystemError) {
        let temporary = "\(parentDirectory(target))/.trice-\(getpid())"
        do throws(SystemError) {
            try make(temporary)
            if rename(temporary, target) == 0 { return }
            guard errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST else { throw SystemError("rename", target) }
            try removeTree(target)
            try check("rename", target) { rename(temporary, target) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func readLink(_ path: String) throws(SystemError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try check("readlink", path) {
            buffer.withUnsafeMutableBytes {
                readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
        }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
