// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux

extension ImageStore {
    /// What is said of an image that is made here.
    package struct Making {
        package var reference: Reference?
        /// How its containers run.
        package var config: ImageConfig
        /// RFC 3339.
        package var created: String
        package var author: String?
        package var comment: String?
        /// The id of the image below; nil for an image of one layer.
        package var base: String?

        package init(reference: Reference?, config: ImageConfig, created: String) {
            (self.reference, self.config, self.created) = (reference, config, created)
        }
    }

    /// Makes an image whose topmost layer is a tar archive, compressed or not.
    ///
    /// - Returns: its id.
    package func make(_ making: Making, of file: Descriptor, named name: String) throws -> String {
        try locked {
            do {
                let id = try makeLocked(making, file)
                try removeTree(unfinished)
                return id
            } catch {
                try removeTree(unfinished)
                try sweep(try readIndex())
                throw Failure("\(name): \((error as? Failure)?.message ?? "\(error)")")
            }
        }
    }

    private func makeLocked(_ making: Making, _ file: Descriptor) throws -> String {
        var index = try readIndex()
        var (manifest, configFile) = try below(making.base, index)
        let ingest = try Ingest(self)
        let stream = try ArchiveReader(.raw) { try file.read(upTo: 1 << 17) }
        let isEmpty = try !stream.next()
        let layer = try ingest.write { isEmpty ? [] : try stream.read() }
        try ingest.keep(layer)
        manifest.layers.append(
            ContentDescriptor(mediaType: Manifest.layerType, digest: "\(layer.digest)", size: layer.size))
        configFile.rootfs.diffIDs.append("\(layer.digest)")
        (configFile.created, configFile.config, configFile.author) = (making.created, making.config, making.author)
        if making.base != nil {
            configFile.history =
                (configFile.history ?? []) + [
                    ConfigFile.Step(created: making.created, created_by: "trice commit", comment: making.comment)
                ]
        }
        let config = try ingest.keep(encodeJSON(configFile))
        manifest.config = ContentDescriptor(
            mediaType: Manifest.configType, digest: "\(config.digest)", size: config.size)
        let manifestItem = try ingest.keep(encodeJSON(manifest))
        let chain = try ingest.unpack(
            try manifest.layers.map { descriptor throws(Failure) in try Digest(naming: descriptor.digest) },
            diffIDs: try configFile.diffIDs())
        add(
            Entry(
                references: making.reference.map { ["\($0)"] } ?? [], manifest: "\(manifestItem.digest)",
                config: "\(config.digest)", layers: chain, created: making.created,
                size: manifest.layers.map(\.size).reduce(0, +)), to: &index)
        try write(index)
        try sweep(index)
        return "\(config.digest)"
    }

    private func below(_ id: String?, _ index: Index) throws -> (Manifest, ConfigFile) {
        guard let id else {
            let none = ContentDescriptor(mediaType: Manifest.configType, digest: "", size: 0)
            return (
                Manifest(config: none, layers: []),
                ConfigFile(
                    architecture: hostArchitecture, os: "linux", rootfs: ConfigFile.RootFS(type: "layers", diffIDs: []))
            )
        }
        guard let entry = index.images.first(where: { $0.config == id }) else {
            throw Failure("image \(id) is not there any more")
        }
        var manifest = try decodeJSON(Manifest.self, from: readFile(blob(entry.manifest)))
        for place in manifest.layers.indices {
            manifest.layers[place].mediaType = ociType(manifest.layers[place].mediaType)
        }
        manifest.mediaType = Manifest.mediaType
        return (manifest, try decodeJSON(ConfigFile.self, from: readFile(blob(id))))
    }
}

extension Digest {
    fileprivate init(naming text: String) throws(Failure) {
        guard let digest = Digest(text) else { throw Failure("\(text) is no digest") }
        self = digest
    }
}
