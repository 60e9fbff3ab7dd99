// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// What reading a file can end with.
struct FileError: Error, Hashable, Sendable {
    var path: String
    var errno: Int32

    var isMissing: Bool { errno == ENOENT || errno == ENOTDIR }

    var reason: String {
        switch errno {
        case EISDIR: "it is a directory"
        case EFBIG: "it is larger than \(FileReading.sizeLimit >> 20) MiB"
        case ESPIPE: "it is a named pipe"
        default: String(cString: strerror(errno)).lowercased()
        }
    }
}

/// The files that the loader reads: the file system and standard input.
enum FileReading {
    /// Bytes; more is no configuration file.
    static let sizeLimit = 16 << 20

    /// The whole file. A directory is `EISDIR`, a file beyond `sizeLimit` `EFBIG`, a named pipe `ESPIPE`: its other end
    /// may never come. What a shell hands over under `/dev/fd` is read.
    static func bytes(of path: String) throws(FileError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError(path: path, errno: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw FileError(path: path, errno: EISDIR)
        case S_IFREG where status.st_size > sizeLimit: throw FileError(path: path, errno: EFBIG)
        case S_IFIFO where !["/dev/", "/proc/"].contains(where: path.hasPrefix):
            throw FileError(path: path, errno: ESPIPE)
        default: break
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, errno: errno) }
        defer { _ = close(descriptor) }
        return try bytes(from: descriptor, path: path)
    }

    static func standardInput() throws(FileError) -> [UInt8] {
        try bytes(from: STDIN_FILENO, path: "standard input")
    }

    private static func bytes(from descriptor: Int32, path: String) throws(FileError) -> [UInt8] {
        var content: [UInt8] = []
        var failure: Int32 = 0
        var ended = false
        while !ended {
            let capacity = max(32_768, min(content.count, 1 << 20))
            let chunk = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                var result = read(descriptor, buffer.baseAddress, capacity)
                while result < 0, errno == EINTR { result = read(descriptor, buffer.baseAddress, capacity) }
                if result < 0 { failure = errno }
                count = max(result, 0)
            }
            guard failure == 0 else { throw FileError(path: path, errno: failure) }
            ended = chunk.isEmpty
            content += chunk
            guard content.count <= sizeLimit else { throw FileError(path: path, errno: EFBIG) }
        }
        return content
    }

    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
