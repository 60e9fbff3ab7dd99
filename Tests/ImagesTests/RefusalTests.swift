// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Images
import Linux
import Testing

@Suite("Archives that are refused", .enabled(if: geteuid() == 0, "owners of files need root"))
struct RefusalTests {
    struct Row: CustomTestStringConvertible {
        let testDescription: String
        let archive: [UInt8]
        let reason: String
        init(_ label: String, _ archive: [UInt8], _ reason: String) {
            (testDescription, self.archive, self.reason) = (label, archive, reason)
        }

        static func layer(_ label: String, _ entries: [TarEntry], _ reason: String) -> Row {
            var image = TestImage()
            // A good layer below: it must go too.
            image.layers.append(tar(entries))
            return Row(label, image.layoutArchive(), reason)
        }

        static func image(_ label: String, _ reason: String, docker: Bool = false, _ change: (inout TestImage) -> Void)
            -> Row
        {
            var image = TestImage()
            change(&image)
            return Row(label, docker ? image.dockerArchive() : image.layoutArchive(), reason)
        }
    }

    static let large = TestImage(layers: [tar(TarEntry(path: "zeros", content: [UInt8](repeating: 0, count: 1 << 20)))])
    static let wrong = "sha256:" + String(repeating: "0", count: 64)

    static let rows: [Row] = [
        Row("nothing at all", [], "Unrecognized archive format"),
        Row(
            "no archive", Array("This is a text, and not a short one, but no archive of any kind.".utf8),
            "Unrecognized archive format"),
        Row("a tar of something else", tar(.file("a"), .file("b")), "it is no image archive"),
        Row("cut off in a layer", Array(large.layoutArchive().prefix(300_000)), "Truncated"),
        Row("cut off in a layer of a docker-archive", Array(large.dockerArchive().prefix(300_000)), "Truncated"),
        Row("cut off between two files", Array(TestImage().dockerArchive().prefix(1024)), "it is no image archive"),
        Row("gzip cut off", Array(gzip(large.layoutArchive()).prefix(300_000)), "truncated"),
        Row("a manifest.json that is no JSON", tar(.file("manifest.json", "[{")), "manifest.json cannot be understood"),
        Row("an index.json of something else", tar(.file("index.json", "[]")), "index.json cannot be understood"),
        Row("an index of nothing", tar(.file("index.json", "{\"manifests\":[]}")), "it holds no image"),
        .image("a layer with another content", "has the digest") { $0.replacedLayer = tar(.file("evil")) },
        .image("a layer of another length", "has the digest") { $0.replacedLayer = [] },
        .image("a wrong diff_id", "not \(wrong)") { $0.diffIDs = [wrong] },
        .image("a wrong diff_id in a docker-archive", "not \(wrong)", docker: true) { $0.diffIDs = [wrong] },
        .image("a diff_id that is none", "../../x is no digest") { $0.diffIDs = ["../../x"] },
        .image("fewer diff_ids than layers", "has 0 layers, the manifest 1") { $0.diffIDs = [] },
        .image("a layer that is missing", "is missing in it") { $0.omitted = ["blobs/sha256/\(sha256($0.layers[0]))"] },
        .image("a configuration that is missing", "is missing in it", docker: true) {
            $0.omitted = ["\(sha256($0.config)).json"]
        },
        .image("a layer that is no archive", "Unrecognized archive format") {
            $0.layers = [Array(repeating: 0x41, count: 2000)]
        },
        .image("a name that is none", "invalid reference format") { $0.name = "Not:A:Name" },
        .layer("a path with ..", [.file("../outside")], "leads out of the layer"),
        .layer("a path with .. inside", [.file("a/../../outside")], "leads out of the layer"),
        .layer(
            "a file through an absolute symbolic link", [.link("tmp", to: "/tmp"), .file("tmp/trice-escaped")],
            "stands in the way"),
        .layer(
            "a file through a relative symbolic link", [.link("up", to: "../../.."), .file("up/escaped")],
            "stands in the way"),
        .layer(
            "a directory through a symbolic link", [.link("etc", to: "/etc"), .directory("etc/trice-escaped")],
            "stands in the way"),
        .layer("a file below a file", [.file("a"), .file("a/b")], "stands in the way"),
        .layer(
            "a hard link to what is outside", [.hardLink("shadow", to: "../../../../etc/shadow")],
            "leads out of the layer"),
        .layer("a hard link to an absolute path", [.hardLink("shadow", to: "/etc/shadow")], "shadow"),
        .layer(
            "a hard link through a symbolic link", [.link("etc", to: "/etc"), .hardLink("shadow", to: "etc/shadow")],
            "shadow"),
        .layer(
            "a whiteout through a symbolic link", [.link("etc", to: "/etc"), .file("etc/.wh.trice-none")],
            "stands in the way"),
        .layer("a whiteout of ..", [.file("a/.wh...")], "a whiteout of nothing"),
        .layer("a root that is a file", [.file(".")], "the root is no directory"),
        .layer("a path that begins with .. after a slash", [.file("/../outside")], "leads out of the layer"),
        .layer("a directory ..", [.directory("..")], "leads out of the layer"),
        .layer("a symbolic link ..", [.link("..", to: "/tmp")], "leads out of the layer"),
        .layer(
            "a device through a symbolic link",
            [.link("dev", to: "/dev"), TarEntry(path: "dev/trice-escaped", kind: "3", device: (1, 3))],
            "stands in the way"),
        .layer(
            "a FIFO through a symbolic link", [.link("t", to: "/tmp"), TarEntry(path: "t/trice-escaped", kind: "6")],
            "stands in the way"),
        .layer(
            "a symbolic link through another", [.link("a", to: "/tmp"), .link("a/trice-escaped", to: "/etc")],
            "stands in the way"),
        .layer(
            "a hard link in a directory that leads outside",
            [.file("own"), .link("a", to: "/tmp"), .hardLink("a/trice-escaped", to: "own")], "stands in the way"),
        .layer(
            "an opaque directory through a symbolic link",
            [.link("etc", to: "/etc"), .file("etc/.wh..wh..opq"), .file("etc/x/y")], "stands in the way"),
        .layer(
            "a symbolic link of links", [.link("a", to: "b"), .link("b", to: "/tmp"), .file("a/trice-escaped")],
            "stands in the way"),
        .layer(
            "a file below a device", [TarEntry(path: "n", kind: "3", device: (1, 3)), .file("n/x")], "stands in the way"
        ),
        .layer("a hard link to a directory", [.directory("d"), .hardLink("e", to: "d")], "EPERM"),
        .layer("a hard link to itself", [.hardLink("a", to: "a")], "ENOENT"),
        .layer("a hard link to what comes later", [.hardLink("a", to: "b"), .file("b")], "ENOENT"),
        .layer("a symbolic link to nothing", [.link("l", to: "")], "symbolic link without a target"),
        .layer("a whiteout of nothing", [.file(".wh.")], "a whiteout of nothing"),
        .layer("a whiteout of .", [.file("a/.wh..")], "a whiteout of nothing"),
    ]

    @Test("A bad archive is refused with its reason, and leaves nothing in the store", arguments: rows)
    func refuses(_ row: Row) throws {
        let store = try TestStore()
        let message = failure { try store.load(row.archive) }
        #expect(message.contains(row.reason))
        #expect(message.hasPrefix("image archive test.tar: "))
        try store.expectEmpty()
        #expect(!exists("/tmp/trice-escaped"))
        #expect(!exists("/etc/trice-escaped"))
    }

    @Test("A bad archive leaves the images that are there as they are", arguments: rows)
    func leavesOthers(_ row: Row) throws {
        let store = try TestStore()
        var good = TestImage()
        good.name = "good:1"
        try store.load(good.layoutArchive())
        let before = (try store.blobs, try store.layers, try store.store.list())
        _ = failure { try store.load(row.archive) }
        #expect(try (store.blobs, store.layers, store.store.list()) == before)
        #expect(try readText("\(store.store.resolve("good:1").layerPaths[0])/hello") == "hello\n")
    }

    @Test("An image for another machine is refused, as nothing of it could run")
    func otherArchitecture() throws {
        let store = try TestStore()
        var image = TestImage()
        image.architecture = "s390x"
        let reason = "it is for linux/s390x, and this host runs linux/\(TestImage.hostArchitecture)"
        #expect(failure { try store.load(image.layoutArchive()) } == "image archive test.tar: \(reason)")
        try store.expectEmpty()
    }
}
