// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A Compose application as a registry keeps it: a manifest whose layers are its files, as docker compose's `publish` writes it
/// and `-f oci://…` reads it (docker/compose, internal/oci/push.go and pkg/remote/oci.go; OCI image specification,
/// manifest.md, "Guidelines for Artifact Usage").
package enum Application {
    package static let artifactType = "application/vnd.docker.compose.project"
    /// What a registry that knows no artifact types has in its place.
    package static let configType = "application/vnd.docker.compose.config.empty.v1+json"
    package static let emptyType = "application/vnd.oci.empty.v1+json"
    package static let composeFileType = "application/vnd.docker.compose.file+yaml"
    package static let environmentFileType = "application/vnd.docker.compose.envfile"

    /// Annotations of layers: the file's name, and whether another one extends it.
    package static let composeFileName = "com.docker.compose.file"
    package static let environmentFileName = "com.docker.compose.envfile"
    package static let isExtended = "com.docker.compose.extends"

    /// What is read of one, at most: layers, and bytes a layer.
    package static let mostLayers = 256
    package static let largestLayer: Int64 = 4 << 20

    /// The files that the layers of an application make: `compose.yaml`, and those that it names.
    ///
    /// - Parameter content: of a layer, by its digest.
    /// - Throws: `Failure` where the manifest is of something else, or a name leads elsewhere.
    package static func files(
        of manifest: Manifest, content: (ContentDescriptor) throws -> [UInt8]
    ) throws -> [String: [UInt8]] {
        guard manifest.artifactType == artifactType || manifest.config.mediaType == configType else {
            throw Failure(
                "it is no Compose application, but something of type \(manifest.artifactType ?? manifest.config.mediaType)"
            )
        }
        guard manifest.layers.count <= mostLayers else { throw Failure("it has more than \(mostLayers) files") }
        var composeFile: [UInt8] = []
        var files: [String: [UInt8]] = [:]
        for layer in manifest.layers {
            guard layer.size <= largestLayer else {
                throw Failure("one of its files has \(layer.size) bytes, more than \(largestLayer >> 20) MiB")
            }
            let annotations = layer.annotations ?? [:]
            switch layer.mediaType {
            case composeFileType where annotations[isExtended] == nil:
                // Later files are merged onto earlier ones, as documents of one.
                if !composeFile.isEmpty { composeFile += Array("\n---\n".utf8) }
                composeFile += try content(layer)
            case composeFileType: files[try name(annotations[composeFileName])] = try content(layer)
            case environmentFileType: files[try name(annotations[environmentFileName])] = try content(layer)
            default: throw Failure("one of its layers is of type \(layer.mediaType)")
            }
        }
        guard !composeFile.isEmpty else { throw Failure("it has no Compose file") }
        files["compose.yaml"] = composeFile
        return files
    }

    private static func name(_ text: String?) throws(Failure) -> String {
        let text = text ?? ""
        guard !text.isEmpty, !text.hasPrefix("."), !text.contains("/"), !text.contains("\0"), text != "compose.yaml"
        else {
            throw Failure("one of its files has the name '\(text)'")
        }
        return text
    }
}
