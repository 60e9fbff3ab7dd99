// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux

/// The forms of an image archive.
package enum ArchiveForm: String, CaseIterable, Sendable {
    /// An OCI layout that is a docker-archive as well: docker, skopeo and this program read it.
    case docker
    /// An OCI layout alone (OCI image specification, image-layout.md).
    case oci
}

extension ImageStore {
    private struct Layout: Encodable {
        var imageLayoutVersion = "1.0.0"
    }

    private struct LayoutIndex: Encodable {
        var schemaVersion = 2
        var mediaType = ManifestIndex.mediaType
        var manifests: [ContentDescriptor]
    }

    /// An image in a docker-archive's `manifest.json`.
    private struct DockerEntry: Encodable {
        var Config: String
        var RepoTags: [String]
        var Layers: [String]
    }

    /// Writes images as an archive: each blob once.
    package func save(_ names: [String], to output: Descriptor, form: ArchiveForm) throws {
        let lease = try lend()
        defer { withExtendedLifetime(lease) {} }
        let writer = try ArchiveWriter(output)
        try writer.file("oci-layout", encodeJSON(Layout()))
        try writer.directory("blobs")
        try writer.directory("blobs/sha256")
        var written = Set<String>()
        func add(_ digest: String) throws {
            if written.insert(digest).inserted { try writer.file(path(digest), contentsOf: blob(digest)) }
        }
        var descriptors: [ContentDescriptor] = []
        var entries: [DockerEntry] = []
        for name in names {
            let entry = try resolveEntry(name).entry
            let bytes = try readFile(blob(entry.manifest))
            let manifest = try decodeJSON(Manifest.self, from: bytes)
            for descriptor in manifest.blobs { try add(descriptor.digest) }
            try add(entry.manifest)
            // By its id an image is saved without a name, as docker does.
            let reference = (try? Reference(name)).map { "\($0)" }.flatMap { entry.references.contains($0) ? $0 : nil }
            var descriptor = ContentDescriptor(
                mediaType: manifest.mediaType ?? Manifest.mediaType, digest: entry.manifest, size: Int64(bytes.count))
            descriptor.annotations = reference.map {
                ["io.containerd.image.name": $0, "org.opencontainers.image.ref.name": $0]
            }
            descriptors.append(descriptor)
            let layers = manifest.layers.map { path($0.digest) }
            if let place = entries.firstIndex(where: { $0.Config == path(entry.config) }) {
                entries[place].RepoTags += reference.map { [$0] } ?? []
            } else {
                entries.append(
                    DockerEntry(
                        Config: path(entry.config), RepoTags: reference.map { [$0] } ?? [], Layers: layers))
            }
        }
        try writer.file("index.json", encodeJSON(LayoutIndex(manifests: descriptors)))
        if form == .docker { try writer.file("manifest.json", encodeJSON(entries)) }
        try writer.close()
    }

    private func path(_ digest: String) -> String { "blobs/sha256/\(digest.dropFirst(7))" }
}
