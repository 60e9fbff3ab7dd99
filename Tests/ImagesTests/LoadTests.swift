// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Images
import Linux
import Testing

@Suite("Loading image archives")
struct LoadTests {
    enum Form: CaseIterable { case docker, dockerCompressed, layout, layoutCompressed, compressedWhole }

    @Test("An archive of each form becomes the image that it describes", arguments: Form.allCases)
    func loads(_ form: Form) throws {
        let store = try TestStore()
        var image = TestImage()
        image.layers.append(tar(.file("second", "2")))
        image.isCompressed = form == .dockerCompressed || form == .layoutCompressed
        let archive =
            switch form {
            case .docker, .dockerCompressed: image.dockerArchive()
            case .layout, .layoutCompressed: image.layoutArchive()
            case .compressedWhole: gzip(image.layoutArchive())
            }
        #expect(try store.load(archive) == ["demo:1"])

        let loaded = try store.store.resolve("demo:1")
        #expect(loaded.id == "sha256:\(sha256(image.config))")
        #expect(loaded.references == ["demo:1"])
        #expect(loaded.config.cmd == ["sh"])
        #expect(loaded.config.env == ["A=1"])
        #expect(loaded.config.stopSignal == "SIGINT")
        #expect(loaded.created == 1_714_979_289_000_000_000)
        #expect(loaded.layerPaths.count == 2)
        // The topmost layer first, as overlayfs wants them.
        #expect(try readText("\(loaded.layerPaths[0])/second") == "2")
        #expect(try readText("\(loaded.layerPaths[1])/hello") == "hello\n")
        #expect(try store.names("unfinished") == [])
    }

    @Test("Loading an archive again changes nothing")
    func isIdempotent() throws {
        let store = try TestStore()
        let archive = TestImage().layoutArchive()
        try store.load(archive)
        let before = (try store.blobs, try store.layers, try store.store.list())
        try store.load(archive)
        #expect(try (store.blobs, store.layers, store.store.list()) == before)
    }

    @Test("Images share the layers that they have in common")
    func sharesLayers() throws {
        let store = try TestStore()
        var first = TestImage()
        first.name = "first:1"
        var second = TestImage()
        second.name = "second:1"
        second.layers.append(tar(.file("more")))
        try store.load(first.layoutArchive())
        let inode = try status(try store.store.resolve("first:1").layerPaths[0]).st_ino
        try store.load(second.dockerArchive())
        #expect(try store.layers.count == 2)
        #expect(try store.store.resolve("second:1").layerPaths[1] == store.store.resolve("first:1").layerPaths[0])
        #expect(try status(try store.store.resolve("first:1").layerPaths[0]).st_ino == inode)
    }

    @Test("The same layer on another one is unpacked for itself, as it may hide other files")
    func keepsChainsApart() throws {
        let store = try TestStore()
        var image = TestImage()
        let same = tar(.file("same"))
        image.layers = [same, same]
        try store.load(image.layoutArchive())
        #expect(try store.layers.count == 2)
    }

    @Test("A name that another image had goes to the image that is loaded last")
    func movesNames() throws {
        let store = try TestStore()
        let old = TestImage()
        var new = TestImage()
        new.layers = [tar(.file("new"))]
        try store.load(old.layoutArchive())
        try store.load(new.layoutArchive())
        #expect(try store.store.resolve("demo:1").id == "sha256:\(sha256(new.config))")
        #expect(try store.store.resolve(sha256(old.config)).references == [])
    }

    @Test("The same image in archives of two forms is one image")
    func isOneImage() throws {
        let store = try TestStore()
        var image = TestImage()
        try store.load(image.dockerArchive())
        image.name = "other:1"
        image.isCompressed = true
        try store.load(image.layoutArchive())
        #expect(try store.store.list().map(\.references) == [["demo:1", "other:1"]])
        #expect(try store.store.resolve(sha256(image.config)).references == ["demo:1", "other:1"])
        #expect(try store.blobs.count == 3)
        #expect(try store.layers.count == 1)
    }

    @Test("An image is found by name, id, and the beginning of its id")
    func resolves() throws {
        let store = try TestStore()
        var image = TestImage()
        image.name = "team/api:latest"
        try store.load(image.layoutArchive())
        let hex = sha256(image.config)
        for name in ["team/api", "team/api:latest", hex, "sha256:\(hex)", String(hex.prefix(12))] {
            #expect(try store.store.resolve(name).id == "sha256:\(hex)", "\(name)")
        }
        #expect(failure { try store.store.resolve("team/api:2") } == "no such image: team/api:2")
    }

    @Test("The tar of a root file system becomes an image of one layer", arguments: [false, true])
    func imports(compressed: Bool) throws {
        let store = try TestStore()
        let archive = tar(.directory("./", mode: 0o750), .file("./etc/motd", "hi"))
        let path = "\(store.root)/rootfs.tar"
        try Descriptor.open(path, O_WRONLY | O_CREAT, mode: 0o600).writeAll(compressed ? gzip(archive) : archive)
        var config = ImageConfig()
        config.cmd = ["cat", "/etc/motd"]
        let making = ImageStore.Making(
            reference: try Reference("motd:1"), config: config, created: "2024-05-06T07:08:09Z")
        let id = try store.store.make(making, of: try Descriptor.open(path, O_RDONLY), named: path)
        let image = try store.store.resolve("motd:1")
        #expect(image.id == id)
        #expect(image.config.cmd == ["cat", "/etc/motd"])
        #expect(try readText("\(image.layerPaths[0])/etc/motd") == "hi")
        #expect(try status(image.layerPaths[0]).st_mode & 0o7777 == 0o750)
    }
}
