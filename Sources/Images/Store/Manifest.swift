// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A content descriptor (OCI image specification, descriptor.md).
package struct ContentDescriptor: Codable, Hashable, Sendable {
    package var mediaType: String
    package var digest: String
    /// In bytes.
    package var size: Int64
    /// Of a manifest of what is no image.
    package var artifactType: String?
    package var platform: Platform?
    package var annotations: [String: String]?

    package init(mediaType: String, digest: String, size: Int64) {
        (self.mediaType, self.digest, self.size) = (mediaType, digest, size)
    }
}

/// An image manifest (OCI image specification, manifest.md; Docker's schema 2 has the same fields).
package struct Manifest: Codable, Hashable, Sendable {
    package static let mediaType = "application/vnd.oci.image.manifest.v1+json"
    /// Those that are understood.
    package static let mediaTypes: Set<String> = [
        mediaType, "application/vnd.docker.distribution.manifest.v2+json",
    ]
    static let configType = "application/vnd.oci.image.config.v1+json"
    static let layerType = "application/vnd.oci.image.layer.v1.tar"

    package var schemaVersion = 2
    package var mediaType: String? = Manifest.mediaType
    /// Of what is no image.
    package var artifactType: String?
    package var config: ContentDescriptor
    package var layers: [ContentDescriptor]
    package var annotations: [String: String]?

    package init(config: ContentDescriptor, layers: [ContentDescriptor]) {
        (self.config, self.layers) = (config, layers)
    }

    /// What it refers to, each once.
    package var blobs: [ContentDescriptor] {
        var seen: Set<String> = []
        return (layers + [config]).filter { seen.insert($0.digest).inserted }
    }
}

/// An image index (OCI image specification, image-index.md).
package struct ManifestIndex: Codable, Hashable, Sendable {
    package static let mediaType = "application/vnd.oci.image.index.v1+json"
    package static let mediaTypes: Set<String> = [
        mediaType, "application/vnd.docker.distribution.manifest.list.v2+json",
    ]

    package var schemaVersion: Int? = 2
    package var mediaType: String? = ManifestIndex.mediaType
    /// Of what is no image.
    package var artifactType: String?
    package var manifests: [ContentDescriptor]
    /// A manifest that this one is about.
    package var subject: ContentDescriptor?

    package init(_ manifests: [ContentDescriptor]) { self.manifests = manifests }
}

/// The image configuration (OCI image specification, config.md), as far as it is read.
package struct ConfigFile: Codable, Hashable, Sendable {
    struct RootFS: Codable, Hashable, Sendable {
        var type: String
        var diffIDs: [String]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// A step of its making.
    package struct Step: Codable, Hashable, Sendable {
        package var created: String?
        package var created_by: String?
        package var comment: String?
        package var empty_layer: Bool?
    }

    var architecture: String?
    var os: String?
    var variant: String?
    package var created: String?
    package var author: String?
    package var config: ImageConfig?
    var rootfs: RootFS
    package var history: [Step]?

    var platform: Platform {
        Platform(os: os ?? "linux", architecture: architecture ?? hostArchitecture, variant: variant)
    }

    /// The digests of the uncompressed layers, the lowest first.
    ///
    /// - Throws: `Failure` where one is no digest.
    package func diffIDs() throws(Failure) -> [Digest] {
        var digests: [Digest] = []
        for text in rootfs.diffIDs {
            guard let digest = Digest(text) else { throw Failure("\(text) is no digest") }
            digests.append(digest)
        }
        return digests
    }
}

/// What the architecture of this machine is called in images (Go's GOARCH).
package let hostArchitecture: String = {
    #if arch(x86_64)
        "amd64"
    #elseif arch(arm64)
        "arm64"
    #else
        "unknown"
    #endif
}()
