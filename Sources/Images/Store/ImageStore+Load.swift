// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

extension ImageStore {
    /// Manifests and configurations are small; a larger one is refused.
    private static let longestDocument: Int64 = 16 << 20

    /// Loads every image of an archive: docker-archive (`manifest.json`) or OCI layout (`index.json`), also compressed.
    ///
    /// Everything is verified by its digest. Where anything is wrong nothing of the archive is in the store.
    ///
    /// - Parameters:
    ///   - file: where the archive is read from, forward only: a pipe will do.
    ///   - name: what errors call it.
    /// - Returns: the names that were loaded; the id of an image without a name.
    package func load(_ file: Descriptor, named name: String) throws -> [String] {
        try locked {
            do {
                let files = try ArchiveFiles(file, Ingest(self))
                let found = try files.images()
                if found.isEmpty { throw Failure("it holds no image") }
                var index = try readIndex()
                var names: [String] = []
                for image in found {
                    let entry = try files.store(image)
                    add(entry, to: &index)
                    names += entry.references.isEmpty ? [entry.config] : entry.references
                }
                try write(index)
                try sweep(index)
                try removeTree(unfinished)
                return names
            } catch {
                try removeTree(unfinished)
                try sweep(try readIndex())
                throw Failure(
                    "image archive \(name): \((error as? Failure)?.message ?? "\(error)")",
                    hint: (error as? Failure)?.hint)
            }
        }
    }
}

/// The files of an image archive, by their names in it.
private struct ArchiveFiles {
    /// An image of the archive: where its parts are.
    struct Found {
        var references: [String]
        var manifest: ManifestSource
        var config: Ingest.Item
        var layers: [Ingest.Item]
    }

    enum ManifestSource {
        case file(Ingest.Item)
        /// A docker-archive has none: it is made.
        case made
    }

    /// One image of a docker-archive's `manifest.json`.
    private struct DockerEntry: Decodable {
        let Config: String
        let RepoTags: [String]?
        let Layers: [String]
    }

    private let ingest: Ingest
    private var items: [String: Ingest.Item] = [:]
    private var links: [String: String] = [:]

    /// Takes every file of the archive aside.
    init(_ file: Descriptor, _ ingest: Ingest) throws {
        self.ingest = ingest
        let archive = try ArchiveReader(.tar) { try file.read(upTo: 1 << 17) }
        while try archive.next() {
            let entry = archive.entry
            let path = ArchiveFiles.clean(entry.path)
            if let target = entry.hardLink {
                links[path] = ArchiveFiles.clean(target)
            } else if entry.type == trice_s_iflnk, let target = entry.symbolicLink {
                links[path] = ArchiveFiles.clean("\(parentDirectory(path))/\(target)")
            } else if entry.type == trice_s_ifreg {
                let item = try ingest.write { try archive.read() }
                if item.size != entry.size { throw Failure("\(path) is cut off: \(item.size) bytes of \(entry.size)") }
                items[path] = item
            }
        }
    }

    /// Without `.`, `..` and double slashes.
    private static func clean(_ path: String) -> String { String(absolutePath("/\(path)").dropFirst()) }

    private func item(_ path: String) throws -> Ingest.Item {
        var path = ArchiveFiles.clean(path)
        for _ in 0..<8 {
            if let item = items[path] { return item }
            guard let target = links[path] else { break }
            path = target
        }
        throw Failure("\(path) is missing in it")
    }

    private func document<T: Decodable>(_ type: T.Type, _ item: Ingest.Item, _ name: String) throws -> T {
        guard item.size <= 16 << 20 else { throw Failure("\(name) is larger than 16 MiB") }
        do { return try decodeJSON(type, from: readFile(item.path)) } catch {
            throw Failure("\(name) cannot be understood: \(error)")
        }
    }

    func images() throws -> [Found] {
        if items["manifest.json"] != nil { return try dockerImages() }
        if items["index.json"] != nil { return try layoutImages() }
        throw Failure(
            "it is no image archive: neither manifest.json nor index.json is in it",
            hint: "a root file system is taken by: trice image import")
    }

    // MARK: docker-archive

    private func dockerImages() throws -> [Found] {
        let entries = try document([DockerEntry].self, try item("manifest.json"), "manifest.json")
        return try entries.map { entry in
            let config = try item(entry.Config)
            // Its name is its digest: HEX.json or blobs/sha256/HEX.
            let stem = entry.Config.split(separator: "/").last.map { $0.split(separator: ".")[0] } ?? ""
            if let named = Digest("sha256:\(stem)"), named != config.digest {
                throw Failure("\(entry.Config) has the digest \(config.digest)")
            }
            return Found(
                references: try (entry.RepoTags ?? []).map { "\(try Reference($0))" }, manifest: .made, config: config,
                layers: try entry.Layers.map(item))
        }
    }

    // MARK: OCI layout

    private func layoutImages() throws -> [Found] {
        let index = try document(ManifestIndex.self, try item("index.json"), "index.json")
        return try index.manifests.compactMap { descriptor in
            guard let manifest = try choose(descriptor, depth: 0) else { return nil }
            let document = try document(Manifest.self, manifest, "manifest \(manifest.digest)")
            return Found(
                references: try names(descriptor), manifest: .file(manifest), config: try blob(document.config),
                layers: try document.layers.map(blob))
        }
    }

    /// The manifest for this machine, through any index on the way.
    private func choose(_ descriptor: ContentDescriptor, depth: Int) throws -> Ingest.Item? {
        let item = try blob(descriptor)
        guard ManifestIndex.mediaTypes.contains(descriptor.mediaType) else { return item }
        guard depth < 4 else { throw Failure("its indexes are nested too deeply") }
        let index = try document(ManifestIndex.self, item, "index \(item.digest)")
        return try choose(try index.manifest(for: .host), depth: depth + 1)
    }

    private func blob(_ descriptor: ContentDescriptor) throws -> Ingest.Item {
        guard let digest = Digest(descriptor.digest) else { throw Failure("\(descriptor.digest) is no digest") }
        let item = try item("blobs/sha256/\(digest.hex)")
        guard item.digest == digest else { throw Failure("blob \(digest) has the digest \(item.digest)") }
        guard item.size == descriptor.size else {
            throw Failure("blob \(digest) has \(item.size) bytes, not \(descriptor.size)")
        }
        return item
    }

    /// The full name where the annotations have one; `org.opencontainers.image.ref.name` may be a tag alone.
    private func names(_ descriptor: ContentDescriptor) throws -> [String] {
        let annotations = descriptor.annotations ?? [:]
        let name = annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"]
        guard let name, name.contains(":") || name.contains("/") else { return [] }
        return ["\(try Reference(name))"]
    }

    // MARK: Into the store

    /// Makes the image's parts blobs, and unpacks its layers.
    func store(_ found: Found) throws -> ImageStore.Entry {
        let file = try document(ConfigFile.self, found.config, "the configuration \(found.config.digest)")
        guard Platform.host.isServed(by: file.platform) else {
            throw Failure("it is for \(file.platform), and this host runs \(Platform.host)")
        }
        let diffIDs = try file.diffIDs()
        guard diffIDs.count == found.layers.count else {
            throw Failure(
                "the configuration \(found.config.digest) has \(diffIDs.count) layers, the manifest \(found.layers.count)"
            )
        }
        for item in Set([found.config] + found.layers) { try ingest.keep(item) }
        let manifest: Ingest.Item
        switch found.manifest {
        case .file(let item):
            try ingest.keep(item)
            manifest = item
        case .made:
            let made = Manifest(
                config: ContentDescriptor(
                    mediaType: Manifest.configType, digest: "\(found.config.digest)", size: found.config.size),
                layers: try found.layers.map {
                    let type = Manifest.layerType + (try ingest.compression(of: $0))
                    return ContentDescriptor(mediaType: type, digest: "\($0.digest)", size: $0.size)
                })
            manifest = try ingest.keep(encodeJSON(made))
        }
        let chain = try ingest.unpack(found.layers.map(\.digest), diffIDs: diffIDs)
        return ImageStore.Entry(
            references: found.references, manifest: "\(manifest.digest)", config: "\(found.config.digest)",
            layers: chain, created: file.created, size: found.layers.map(\.size).reduce(0, +))
    }
}
