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
/// images/downloads/HEX       a blob that is being fetched, or was when its process was killed: the next one goes on with it
/// images/intakes/PID-N/      layers that a pull unpacks; swept when the process is gone
/// ```
/// Everything is written under another name and renamed when it is whole, so a reader needs no lock. Changes hold one
/// (`lock`); what takes long before its change, a pull, holds another with others of its kind (`lease`), and meanwhile nothing
/// is swept.
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
        /// The index that the image was chosen from, where there was one.
        var index: String?
        /// Names with the digest that a registry has them under: `redis@sha256:…`.
        var digests: [String]?
        /// When it was last fetched, in seconds since 1970.
        var pulled: UInt64?
    }

    struct Index: Codable, Sendable {
        var images: [Entry] = []
    }

    let directory: String
    /// The executable that unpacks layers.
    private let program: String

    /// - Parameters:
    ///   - root: `Roots.root`.
    ///   - program: an executable that calls `UnpackProcess.run` where it is asked to: this one, but in tests.
    package init(root: String, program: String = "/proc/self/exe") {
        (directory, self.program) = ("\(root)/images", program)
    }

    /// The image of this name, or with this id or beginning of one.
    ///
    /// - Throws: `Failure` that names the images with nearly this name, where there is none.
    package func resolve(_ name: String) throws -> Image { try resolveEntry(name).image }

    func resolveEntry(_ name: String) throws -> (image: Image, entry: Entry) {
        let index = try readIndex()
        guard let entry = try find(name, in: index) else { throw notFound(name, in: index) }
        return (try image(entry), entry)
    }

    /// As `resolve`; nil where there is none.
    ///
    /// - Throws: `Failure` where the name can be none.
    package func find(_ name: String) throws -> Image? { try find(name, in: readIndex()).map(image) }

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
            let count = index.images.count
            let lines = try remove(name, from: &index, inUse: inUse)
            try write(index)
            if index.images.count < count { try sweep(index) }
            return lines
        }
    }

    /// What `remove` would do, and refuse.
    package func removal(of name: String, inUse: [String: String]) throws -> [String] {
        var index = try readIndex()
        return try remove(name, from: &index, inUse: inUse)
    }

    private func remove(_ name: String, from index: inout Index, inUse: [String: String]) throws -> [String] {
        guard let entry = try find(name, in: index), let place = index.images.firstIndex(of: entry) else {
            throw notFound(name, in: index)
        }
        let tag = (try? Reference(name)).map { "\($0)" }
        let isByName = tag.map { entry.references.contains($0) } ?? false
        if isByName, entry.references.count > 1, let tag {
            index.images[place].references.removeAll { $0 == tag }
            return ["Untagged: \(tag)"]
        }
        if let container = inUse[entry.config] {
            throw Failure("image \(name) is in use by container \(container)", hint: "take its stack down first")
        }
        index.images.remove(at: place)
        return entry.references.map { "Untagged: \($0)" } + ["Deleted: \(entry.config)"]
    }

    // MARK: The index

    /// Another number after each change of what names stand for.
    package var version: UInt64 { modificationTime("\(directory)/index.json") }

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
            let before = index.images[place]
            index.images[place] = entry
            index.images[place].references = before.references + entry.references
            let digests = (before.digests ?? []).filter { entry.digests?.contains($0) != true } + (entry.digests ?? [])
            index.images[place].digests = digests.isEmpty ? nil : digests
            index.images[place].pulled = entry.pulled ?? before.pulled
            index.images[place].index = entry.index ?? before.index
        } else {
            index.images.append(entry)
        }
    }

    func find(_ name: String, in index: Index) throws -> Entry? {
        let hex = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        if let reference = try? Reference(name) {
            let text = "\(reference)"
            if let entry = index.images.first(where: { $0.references.contains(text) }) { return entry }
            if let digest = reference.digest,
                let entry = index.images.first(where: {
                    $0.manifest == digest || $0.index == digest
                        || $0.digests?.contains(reference.pinned(to: digest)) == true
                })
            {
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

    func notFound(_ name: String, in index: Index) -> Failure {
        Failure(
            "no such image: \(name)",
            hint: similarNames(to: name, in: index) ?? "fetch it with: trice image pull \(name)")
    }

    /// `there is redis:7`, where there are images of nearly this name.
    package func similarNames(to name: String) throws -> String? { similarNames(to: name, in: try readIndex()) }

    private func similarNames(to name: String, in index: Index) -> String? {
        let known = index.images.flatMap(\.references)
        let own = (try? Reference(name))?.name ?? name
        let near = known.filter {
            ((try? Reference($0))?.name.split(separator: "/").last ?? "") == (own.split(separator: "/").last ?? "")
        }
        let nearest = near.isEmpty ? nearestName(to: name, among: known).map { [$0] } ?? [] : near
        return nearest.isEmpty ? nil : "there is \(nearest.joined(separator: ", "))"
    }

    private func image(_ entry: Entry) throws -> Image {
        let file = try decodeJSON(ConfigFile.self, from: readFile(blob(entry.config)))
        let created = file.created.flatMap(Self.nanoseconds) ?? 0
        return Image(
            id: entry.config, digest: entry.manifest, references: entry.references,
            config: file.config ?? ImageConfig(),
            layerPaths: entry.layers.reversed().map(layer), created: created, size: entry.size, platform: file.platform,
            digests: entry.digests ?? [], pulled: entry.pulled)
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

    /// Begins to unpack a layer into a directory.
    func unpacking(into directory: String) throws -> LayerUnpacking {
        try LayerUnpacking(into: directory, program: program, limit: try ImageStore.layerLimit())
    }

    /// What a layer may hold when unpacked, in bytes: `$TRICE_LAYER_LIMIT`, else 64 GiB.
    private static func layerLimit() throws(Failure) -> Int64 {
        guard let value = getenv("TRICE_LAYER_LIMIT") else { return 64 << 30 }
        let text = String(cString: value)
        do throws(ByteSize.ParseError) { return try ByteSize(parsing: text).bytes } catch {
            throw Failure("TRICE_LAYER_LIMIT: \(text) is no size", hint: "a size is 64g, for example")
        }
    }

    /// Where a blob is, if the store has it.
    package func blobPath(_ digest: String) -> String { blob(digest) }

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
}
