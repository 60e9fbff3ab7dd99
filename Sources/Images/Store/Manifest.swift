// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A content descriptor (OCI image specification, descriptor.md).
struct ContentDescriptor: Codable, Hashable, Sendable {
    var mediaType: String
    var digest: String
    var size: Int64
    var platform: Platform?
    var annotations: [String: String]?

    struct Platform: Codable, Hashable, Sendable {
        var architecture: String
        var os: String
        var variant: String?
    }
}

/// An image manifest (OCI image specification, manifest.md; Docker's schema 2 has the same fields).
struct Manifest: Codable, Hashable, Sendable {
    static let mediaType = "application/vnd.oci.image.manifest.v1+json"
    static let configType = "application/vnd.oci.image.config.v1+json"
    static let layerType = "application/vnd.oci.image.layer.v1.tar"

    var schemaVersion = 2
    var mediaType: String? = Manifest.mediaType
    var config: ContentDescriptor
    var layers: [ContentDescriptor]
}

/// An image index (OCI image specification, image-index.md).
struct ManifestIndex: Codable, Hashable, Sendable {
    static let mediaTypes: Set<String> = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    ]

    var manifests: [ContentDescriptor]
}

/// The image configuration (OCI image specification, config.md), as far as it is read.
struct ConfigFile: Codable, Hashable, Sendable {
    struct RootFS: Codable, Hashable, Sendable {
        var type: String
        var diffIDs: [String]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    var architecture: String?
    var os: String?
    var created: String?
    var config: ImageConfig?
    var rootfs: RootFS
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
