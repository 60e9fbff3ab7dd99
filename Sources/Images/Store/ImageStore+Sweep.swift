// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux

extension ImageStore {
    var lease: String { "\(directory)/lease" }
    var downloads: String { "\(directory)/downloads" }
    var intakes: String { "\(directory)/intakes" }

    /// Removes blobs and layers that no image of the index needs, and what pulls have left that were killed. Nothing of it while
    /// a pull is on its way, as it needs what no image has yet: at its end it sweeps itself.
    ///
    /// - Parameter downloads: also parts of blobs that the next pull could go on with.
    /// - Precondition: the caller holds the lock.
    /// - Returns: how many bytes were freed.
    @discardableResult
    func sweep(_ index: Index, downloads includesDownloads: Bool = false) throws -> Int64 {
        guard let lease = try FileLock(ifFree: lease) else { return 0 }
        defer { withExtendedLifetime(lease) {} }
        let kept = try needed(index)
        var freed: Int64 = 0
        for (name, kept) in [("blobs/sha256", kept.blobs), ("layers", kept.layers)] where exists("\(directory)/\(name)")
        {
            for file in try listDirectory("\(directory)/\(name)") where !kept.contains(file) {
                freed += try diskUsage("\(directory)/\(name)/\(file)")
                try removeTree("\(directory)/\(name)/\(file)")
            }
        }
        freed += try diskUsage(intakes)
        try removeTree(intakes)
        if includesDownloads {
            freed += try diskUsage(downloads)
            try removeTree(downloads)
        }
        return freed
    }

    /// The hexadecimal digits of all blobs and layers that the images of an index are made of.
    func needed(_ index: Index) throws -> (blobs: Set<String>, layers: Set<String>) {
        var blobs = Set<String>()
        var layers = Set<String>()
        func keep(_ digest: String) { blobs.insert(String(digest.dropFirst(7))) }
        func keepAll(of manifest: String) throws {
            let document = try decodeJSON(Manifest.self, from: readFile(blob(manifest)))
            keep(manifest)
            keep(document.config.digest)
            for layer in document.layers { keep(layer.digest) }
        }
        for entry in index.images {
            try keepAll(of: entry.manifest)
            layers.formUnion(entry.layers.map { String($0.dropFirst(7)) })
            guard let index = entry.index else { continue }
            keep(index)
            // Of the other platforms there is what somebody has fetched.
            for other in try decodeJSON(ManifestIndex.self, from: readFile(blob(index))).manifests
            where exists(blob(other.digest)) && Manifest.mediaTypes.contains(other.mediaType) {
                try keepAll(of: other.digest)
            }
        }
        return (blobs, layers)
    }
}
