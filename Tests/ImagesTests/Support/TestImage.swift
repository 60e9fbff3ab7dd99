// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Crypto

func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

/// An image, to be written as an archive, with mistakes where a test wants them.
struct TestImage {
    var name = "demo:1"
    /// Tar archives, the lowest first.
    var layers: [[UInt8]] = [tar(.file("hello", "hello\n"))]
    var isCompressed = false
    /// In place of the layers' right digests.
    var diffIDs: [String]?
    /// Written under the digest of what the blob should be.
    var replacedLayer: [UInt8]?
    var architecture = TestImage.hostArchitecture
    /// Files that are left out of the archive.
    var omitted: Set<String> = []

    #if arch(arm64)
        static let hostArchitecture = "arm64"
    #else
        static let hostArchitecture = "amd64"
    #endif

    var config: [UInt8] {
        let ids = (diffIDs ?? layers.map { "sha256:\(sha256($0))" }).map { "\"\($0)\"" }.joined(separator: ",")
        return Array(
            """
            {"architecture":"\(architecture)","os":"linux","created":"2024-05-06T07:08:09Z",\
            "config":{"Cmd":["sh"],"Env":["A=1"],"StopSignal":"SIGINT"},"rootfs":{"type":"layers","diff_ids":[\(ids)]}}
            """.utf8)
    }

    /// As `docker save` wrote it for years: `manifest.json`, `HEX.json`, `HEX/layer.tar`.
    func dockerArchive() -> [UInt8] {
        let paths = layers.map { "\(sha256($0))/layer.tar" }
        let list = paths.map { "\"\($0)\"" }.joined(separator: ",")
        let manifest = "[{\"Config\":\"\(sha256(config)).json\",\"RepoTags\":[\"\(name)\"],\"Layers\":[\(list)]}]"
        var entries = [TarEntry(path: "\(sha256(config)).json", content: config)]
        for (path, layer) in zip(paths, layers) {
            entries.append(TarEntry(path: path, content: isCompressed ? gzip(layer) : layer))
        }
        entries.append(.file("manifest.json", manifest))
        return tar(entries.filter { !omitted.contains($0.path) })
    }

    /// An OCI layout (OCI image specification, image-layout.md).
    func layoutArchive() -> [UInt8] {
        var entries: [TarEntry] = [.file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}")]
        func blob(_ content: [UInt8], _ type: String, instead: [UInt8]? = nil) -> String {
            entries.append(TarEntry(path: "blobs/sha256/\(sha256(content))", content: instead ?? content))
            return
                "{\"mediaType\":\"application/vnd.oci.image.\(type)\",\"digest\":\"sha256:\(sha256(content))\",\"size\":\(content.count)"
        }
        let config = blob(self.config, "config.v1+json") + "}"
        let layers = self.layers.map { layer in
            isCompressed
                ? blob(gzip(layer), "layer.v1.tar+gzip") + "}"
                : blob(layer, "layer.v1.tar", instead: replacedLayer) + "}"
        }
        let manifest = blob(
            Array("{\"schemaVersion\":2,\"config\":\(config),\"layers\":[\(layers.joined(separator: ","))]}".utf8),
            "manifest.v1+json")
        let index =
            "{\"schemaVersion\":2,\"manifests\":[\(manifest),\"annotations\":{\"org.opencontainers.image.ref.name\":\"\(name)\"}}]}"
        entries.append(.file("index.json", index))
        return tar(entries.filter { !omitted.contains($0.path) })
    }
}
