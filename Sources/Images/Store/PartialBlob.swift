// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Core
import Crypto
import Glibc
import Linux

/// A blob that is being fetched, and that no other process fetches meanwhile: a file that grows, and the digest so far.
///
/// What a killed process has left of it is gone on with. It becomes a blob of the store when its image does.
///
/// One task at a time uses it (so it is sent from one to the next without a lock).
package final class PartialBlob: @unchecked Sendable {
    package let digest: Digest
    /// How many bytes are there.
    package private(set) var count: Int64 = 0
    private let path: String
    private let file: Descriptor
    private var hash = SHA256()
    private var isKept = false

    /// Waits until no other process fetches it.
    ///
    /// - Returns: nil where another one has made it a blob of the store meanwhile.
    static func lock(_ digest: Digest, in store: ImageStore) throws -> PartialBlob? {
        let path = "\(store.downloads)/\(digest.hex)"
        try makeDirectories(store.downloads, mode: 0o700)
        while true {
            let file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o644)
            try check("flock", path) { flock(file.raw, LOCK_EX) }
            var (own, current) = (stat(), stat())
            try check("fstat", path) { fstat(file.raw, &own) }
            // Whoever had the lock before may have renamed the file into the store.
            let isCurrent = stat(path, &current) == 0 && own.st_ino == current.st_ino
            if exists(store.blob("\(digest)")) {
                if isCurrent { unlink(path) }
                return nil
            }
            if isCurrent { return PartialBlob(digest, path, file) }
        }
    }

    private init(_ digest: Digest, _ path: String, _ file: Descriptor) {
        (self.digest, self.path, self.file) = (digest, path, file)
    }

    /// One that no store keeps: its file has no name any more, and goes with its descriptor.
    package static func passing(_ digest: Digest, through directory: String) throws -> PartialBlob {
        let path = "\(directory)/\(digest.hex).passing"
        let file = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        try check("unlink", path) { unlink(path) }
        return PartialBlob(digest, path, file)
    }

    /// Its file, wherever its offset is.
    package var content: Descriptor { file }

    /// Reads what is there, which the digest begins with.
    ///
    /// - Parameter body: is given it, part by part.
    package func resume(_ body: ([UInt8]) throws -> Void) throws {
        while true {
            let part = try file.read(upTo: 1 << 20)
            if part.isEmpty { return }
            hash.update(data: part)
            count += Int64(part.count)
            try body(part)
        }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        try file.writeAll(bytes)
        hash.update(bufferPointer: bytes)
        count += Int64(bytes.count)
    }

    /// Throws away what is there: it is not the beginning of the blob.
    package func restart() throws {
        try check("ftruncate", path) { ftruncate(file.raw, 0) }
        try check("lseek", path) { lseek(file.raw, 0, SEEK_SET) }
        (count, hash) = (0, SHA256())
    }

    /// - Throws: `Failure` where size or digest are not what they should be: then nothing of it is kept.
    package func verify(size: Int64) throws {
        let found = Digest(bytes: hash.finalize())
        if count == size && found == digest { return }
        let (count, wrong) = (count, found)
        try restart()
        if count != size { throw Failure("it has \(count) bytes, not \(size)") }
        throw Failure("its content has the digest \(wrong), not \(digest)")
    }

    /// Makes it a blob of the store.
    func keep(in store: ImageStore) throws(SystemError) {
        if isKept { return }
        let blob = store.blob("\(digest)")
        try makeDirectories(parentDirectory(blob))
        try check("rename", blob) { rename(path, blob) }
        isKept = true
    }
}
