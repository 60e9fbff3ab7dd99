// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Crypto
import Glibc
import Linux

/// Files on their way into the store: written aside, their digests computed meanwhile, and renamed when they are wanted.
final class Ingest {
    struct Item: Hashable {
        let path: String
        let digest: Digest
        let size: Int64
    }

    private let store: ImageStore
    private var count = 0

    init(_ store: ImageStore) throws(SystemError) {
        self.store = store
        try makeDirectories(store.unfinished, mode: 0o700)
    }

    /// Writes what `read` gives, until it gives nothing, to a file aside.
    func write(_ read: () throws -> [UInt8]) throws -> Item {
        count += 1
        let path = "\(store.unfinished)/\(count)"
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
        var hash = SHA256()
        var size: Int64 = 0
        while true {
            let part = try read()
            if part.isEmpty { break }
            hash.update(data: part)
            size += Int64(part.count)
            try file.writeAll(part)
        }
        try check("fsync", path) { fsync(file.raw) }
        return Item(path: path, digest: Digest(bytes: hash.finalize()), size: size)
    }

    /// Makes the file a blob of the store.
    func keep(_ item: Item) throws(SystemError) {
        let blob = store.blob("\(item.digest)")
        try makeDirectories(parentDirectory(blob))
        if exists(blob) { return }
        try check("rename", blob) { rename(item.path, blob) }
    }

    /// What the media type of a layer that was kept says of its compression.
    func compression(of item: Item) throws -> String { try store.compression(of: store.blob("\(item.digest)")) }

    /// Makes these bytes a blob of the store.
    func keep(_ bytes: [UInt8]) throws -> Item {
        var rest = bytes
        let item = try write {
            defer { rest = [] }
            return rest
        }
        try keep(item)
        return item
    }

    /// Unpacks layers on top of each other, where the store does not have them yet.
    ///
    /// - Parameters:
    ///   - blobs: the layers, compressed or not, the lowest first.
    ///   - diffIDs: the digests that they must have when uncompressed.
    /// - Returns: their chain ids.
    func unpack(_ blobs: [Digest], diffIDs: [Digest]) throws -> [String] {
        let chain = ImageIntake.chain(diffIDs).map { "\($0)" }
        for (place, id) in chain.enumerated() {
            let target = store.layer(id)
            if exists(target) { continue }
            try unpack(
                blobs[place], diffID: diffIDs[place], to: target, lower: chain[..<place].reversed().map(store.layer))
        }
        return chain
    }

    private func unpack(_ blob: Digest, diffID: Digest, to target: String, lower: [String]) throws {
        let aside = "\(store.unfinished)/layer-\(diffID.hex)"
        do {
            let unpacking = try store.unpacking(into: aside)
            try unpacking.feed(contentsOf: store.blob("\(blob)"))
            let report = try unpacking.finish()
            guard report.diffID == "\(diffID)" else {
                throw Failure("its content has the digest \(report.diffID), not \(diffID)")
            }
            try LayerUnpacking.settle(report, in: aside, on: lower)
            try syncFileSystem(aside)
            try makeDirectories(parentDirectory(target), mode: 0o711)
            try check("rename", target) { rename(aside, target) }
        } catch {
            try removeTree(aside)
            throw Failure("layer \(blob): \((error as? Failure)?.message ?? "\(error)")")
        }
    }
}
