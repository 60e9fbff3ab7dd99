// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Images

@Suite struct ApplicationTests {
    private func layer(_ type: String, _ annotations: [String: String] = [:], size: Int64 = 1) -> ContentDescriptor {
        var layer = ContentDescriptor(mediaType: type, digest: "sha256:\(annotations.values.sorted())", size: size)
        layer.annotations = annotations
        return layer
    }

    private func files(_ layers: [ContentDescriptor], type: String? = Application.artifactType) throws -> [String:
        String]
    {
        var manifest = Manifest(
            config: ContentDescriptor(mediaType: Application.emptyType, digest: "", size: 2), layers: layers)
        manifest.artifactType = type
        return try Application.files(of: manifest) {
            Array("<\($0.annotations?[Application.composeFileName] ?? "")>".utf8)
        }
        .mapValues { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `later files are documents behind the first, and what they name stands beside them`() throws {
        let compose = Application.composeFileType
        let files = try files([
            layer(compose, [Application.composeFileName: "compose.yaml"]),
            layer(compose, [Application.composeFileName: "abc.yaml", Application.isExtended: "true"]),
            layer(compose, [Application.composeFileName: "image-digests.yaml"]),
            layer(Application.environmentFileType, [Application.environmentFileName: "abc.env"]),
        ])
        #expect(
            files == [
                "compose.yaml": "<compose.yaml>\n---\n<image-digests.yaml>", "abc.yaml": "<abc.yaml>", "abc.env": "<>",
            ])
    }

    @Test(arguments: ["../x", "/etc/passwd", "", ".", "..", ".hidden", "a/b", "compose.yaml", "a\0b"])
    func `a name that leads elsewhere is refused`(_ name: String) {
        #expect(throws: Failure.self) {
            try files([
                layer(Application.composeFileType),
                layer(Application.environmentFileType, [Application.environmentFileName: name]),
            ])
        }
    }

    @Test func `what is too large, of another type, or without a Compose file is refused`() {
        let compose = layer(Application.composeFileType)
        #expect(throws: Failure.self) { try files([compose], type: "application/x") }
        #expect(throws: Failure.self) { try files([]) }
        #expect(throws: Failure.self) { try files([compose, layer("application/x")]) }
        #expect(throws: Failure.self) { try files([layer(Application.composeFileType, size: 1 << 40)]) }
        #expect(throws: Failure.self) { try files(Array(repeating: compose, count: 300)) }
    }
}
