// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux

extension ImageStore {
    /// An image as a directory that the builder takes it from: an OCI layout whose layers are the store's own files.
    package struct BuildBase: Sendable {
        /// What the builder will call the image: the digest of the configuration that it gets, in hexadecimal digits.
        package var id: String
        package var directory: String
    }

    /// Makes the directory that the builder takes an image from.
    ///
    /// The builder wants to read in the history which step made which layer, and refuses an image without one: then it gets
    /// one that says nothing.
    ///
    /// - Parameter directory: made anew, on the store's file system.
    package func buildBase(_ name: String, in directory: String) throws -> BuildBase {
        let entry = try resolveEntry(name).entry
        try removeTree(directory)
        let blobs = "\(directory)/blobs/sha256"
        try makeDirectories(blobs)
        var manifest = try decodeJSON(Manifest.self, from: readFile(blob(entry.manifest)))
        for layer in manifest.layers where !exists("\(blobs)/\(layer.digest.dropFirst(7))") {
            try check("link", blob(layer.digest)) { link(blob(layer.digest), "\(blobs)/\(layer.digest.dropFirst(7))") }
        }
        var config = try readFile(blob(entry.config))
        let known = try decodeJSON(ConfigFile.self, from: config)
        let steps = known.history?.count { $0.empty_layer != true } ?? 0
        if steps != manifest.layers.count {
            guard case .object(var members) = try decodeJSON(JSONValue.self, from: config) else {
                throw Failure("image \(name): its configuration is no object")
            }
            // With a time, as the engine takes none for another one than it writes, and its cache for nothing.
            let time = JSONValue.string(known.created ?? "1970-01-01T00:00:00Z")
            members["created"] = time
            members["history"] = .array(manifest.layers.map { _ in .object(["created": time]) })
            config = try encodeJSON(JSONValue.object(members))
        }
        let id = Digest(of: config)
        manifest.config = ContentDescriptor(
            mediaType: Manifest.configType, digest: "\(id)", size: Int64(config.count))
        manifest.mediaType = Manifest.mediaType
        for place in manifest.layers.indices {
            manifest.layers[place].mediaType = ociType(manifest.layers[place].mediaType)
        }
        let text = try encodeJSON(manifest)
        var descriptor = ContentDescriptor(
            mediaType: Manifest.mediaType, digest: "\(Digest(of: text))", size: Int64(text.count))
        descriptor.platform = .host
        for (name, bytes) in [
            ("blobs/sha256/\(id.hex)", config), ("blobs/sha256/\(Digest(of: text).hex)", text),
            ("oci-layout", Array("{\"imageLayoutVersion\":\"1.0.0\"}".utf8)),
            ("index.json", try encodeJSON(BuildIndex(manifests: [descriptor]))),
        ] {
            try Descriptor.open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644).writeAll(bytes)
        }
        return BuildBase(id: id.hex, directory: directory)
    }

    private struct BuildIndex: Encodable {
        var schemaVersion = 2
        var manifests: [ContentDescriptor]
    }

    /// The same kind of layer in the words of OCI: Docker's are its elder ones.
    func ociType(_ type: String) -> String {
        if type.hasPrefix("application/vnd.oci.") { return type }
        return Manifest.layerType + (type.hasSuffix("gzip") ? "+gzip" : type.hasSuffix("zstd") ? "+zstd" : "")
    }
}
