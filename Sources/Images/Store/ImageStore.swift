// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux

/// The images of a root: content-addressed blobs, unpacked layers, and an index of names.
///
/// ```
/// images/blobs/sha256/HEX    manifests, configurations, layers, as they came
/// images/layers/CHAINID/     a layer unpacked once, on top of those below it
/// images/index.json          names → images
/// images/unfinished/         what is being loaded; swept by the next change
/// ```
/// Everything is written under another name and renamed when it is whole, so a reader needs no lock. Changes hold one.
package struct ImageStore: Sendable {
    /// What the index says of an image.
    struct Entry: Codable, Hashable, Sendable {
        var references: [String]
        var manifest: String
        var config: String
        /// Chain ids of the layers (OCI image specification, config.md), the lowest first.
        var layers: [String]
        var created: String?
        var size: Int64
    }

    struct Index: Codable, Sendable {
        var images: [Entry] = []
    }

    let directory: String

    /// - Parameter root: `Roots.root`.
    package init(root: String) { directory = "\(root)/images" }

    /// The image of this name, or with this id or beginning of one.
    ///
    /// - Throws: `Failure` that names the images with nearly this name, where there is none.
    package func resolve(_ name: String) throws -> Image {
        let index = try readIndex()
        guard let entry = try find(name, in: index) else { throw notFound(name, in: index) }
        return try image(entry)
    }

    /// The image of this name or id; nil where there is none.
    package func find(_ name: String) throws -> Image? { try find(name, in: readIndex()).map { try image($0) } }

    /// Every image, the newest first.
    package func list() throws -> [Image] {
        try readIndex().images.map { try image($0) }.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }

    /// Takes a name away; with the last name, or named by its id, the image goes, with all that no other image needs.
    ///
    /// - Parameter inUse: ids of images that containers were made from; one of them is not removed.
    /// - Returns: what was done, one line each: `Untagged: …`, `Deleted: …`.
    package func remove(_ name: String, inUse: [String: String]) throws -> [String] {
        try locked {
            var index = try readIndex()
            guard let entry = try find(name, in: index), let place = index.images.firstIndex(of: entry) else {
                throw notFound(name, in: index)
            }
            let tag = (try? Reference(name)).map { "\($0)" }
            let isByName = tag.map { entry.references.contains($0) } ?? false
            if isByName, entry.references.count > 1, let tag {
                index.images[place].references.removeAll { $0 == tag }
                try write(index)
                return ["Untagged: \(tag)"]
            }
            if let container = inUse[entry.config] {
                throw Failure("image \(name) is in use by container \(container)", hint: "take its stack down first")
            }
            index.images.remove(at: place)
            try write(index)
            try sweep(index)
            return entry.references.map { "Untagged: \($0)" } + ["Deleted: \(entry.config)"]
        }
    }

    // MARK: The index

    func readIndex() throws -> Index {
        do { return try decodeJSON(Index.self, from: readFile("\(directory)/index.json")) } catch let error
            as SystemError
        {
            if error.errno == ENOENT { return Index() }
            throw error
        }
    }

    func write(_ index: Index) throws { try writeAtomically("\(directory)/index.json", encodeJSON(index), mode: 0o644) }

    /// Puts an image into the index under its names, which other images lose.
    func add(_ entry: Entry, to index: inout Index) {
        for place in index.images.indices { index.images[place].references.removeAll { entry.references.contains($0) } }
        if let place = index.images.firstIndex(where: { $0.config == entry.config }) {
            // The same image from another archive: its layers are the same, their compression may be another.
            let references = index.images[place].references
            index.images[place] = entry
            index.images[place].references = references + entry.references
        } else {
            index.images.append(entry)
        }
    }

    private func find(_ name: String, in index: Index) throws -> Entry? {
        let hex = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        if let reference = try? Reference(name) {
            let text = "\(reference)"
            if let entry = index.images.first(where: { $0.references.contains(text) }) { return entry }
            if let digest = reference.digest, let entry = index.images.first(where: { $0.manifest == digest }) {
                return entry
            }
        }
        if (4...64).contains(hex.count), hex.allSatisfy(\.isHexDigit) {
            let found = index.images.filter { $0.config.dropFirst(7).hasPrefix(hex) }
            if found.count > 1 { throw Failure("\(name) is the beginning of several images' ids") }
            if let entry = found.first { return entry }
        }
        // A name that can be none at all says so; one that is not there is for the caller to report.
        if !name.hasPrefix("sha256:") { _ = try Reference(name) }
        return nil
    }

    private func notFound(_ name: String, in index: Index) -> Failure {
        let known = index.images.flatMap(\.references)
        let own = (try? Reference(name))?.name ?? name
        let near = known.filter {
            ((try? Reference($0))?.name.split(separator: "/").last ?? "") == (own.split(separator: "/").last ?? "")
        }
        let nearest = near.isEmpty ? nearestName(to: name, among: known).map { [$0] } ?? [] : near
        let hint =
            nearest.isEmpty ? "load one with: trice image load -i FILE" : "there is \(nearest.joined(separator: ", "))"
        return Failure("no such image: \(name)", hint: hint)
    }

    private func image(_ entry: Entry) throws -> Image {
        let file = try decodeJSON(ConfigFile.self, from: readFile(blob(entry.config)))
        let created = file.created.flatMap(Self.nanoseconds) ?? 0
        return Image(
            id: entry.config, digest: entry.manifest, references: entry.references,
            config: file.config ?? ImageConfig(),
            layerPaths: entry.layers.reversed().map(layer), created: created, size: entry.size)
    }

    /// RFC 3339 in UTC, to the second.
    private static func nanoseconds(_ text: String) -> UInt64? {
        let numbers = text.prefix(19).split { !$0.isNumber }.compactMap { Int32($0) }
        guard numbers.count == 6 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        let seconds = timegm(&parts)
        return seconds > 0 ? UInt64(seconds) * 1_000_000_000 : nil
    }

    // MARK: Files

    func blob(_ digest: String) -> String { "\(directory)/blobs/sha256/\(digest.dropFirst(7))" }
    func layer(_ chainID: String) -> String { "\(directory)/layers/\(chainID.dropFirst(7))" }
    var unfinished: String { "\(directory)/unfinished" }

    /// Runs the body while no other process changes the store, after sweeping what an interrupted change left.
    func locked<T>(_ body: () throws -> T) throws -> T {
        try makeDirectories(directory, mode: 0o711)
        let lock = try FileLock("\(directory)/lock")
        defer { withExtendedLifetime(lock) {} }
        try removeTree(unfinished)
        return try body()
    }

    /// Removes blobs and layers that no image of the index needs.
    func sweep(_ index: Index) throws {
        var blobs = Set<String>()
        var layers = Set<String>()
        for entry in index.images {
            blobs.formUnion([entry.manifest, entry.config].map { String($0.dropFirst(7)) })
            layers.formUnion(entry.layers.map { String($0.dropFirst(7)) })
            let manifest = try decodeJSON(Manifest.self, from: readFile(blob(entry.manifest)))
            blobs.formUnion(manifest.layers.map { String($0.digest.dropFirst(7)) })
        }
        for (name, kept) in [("blobs/sha256", blobs), ("layers", layers)] where exists("\(directory)/\(name)") {
            for file in try listDirectory("\(directory)/\(name)") where !kept.contains(file) {
                try removeTree("\(directory)/\(name)/\(file)")
            }
        }
    }
}
