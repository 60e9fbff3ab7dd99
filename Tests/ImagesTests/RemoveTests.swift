// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Images
import Linux
import Testing

@Suite("Removing images")
struct RemoveTests {
    private func image(_ name: String, _ layers: [UInt8]...) -> TestImage {
        var image = TestImage()
        image.name = name
        image.layers = layers
        return image
    }

    private let base = tar(.file("base"))

    @Test("An image goes with its blobs and layers")
    func removes() throws {
        let store = try TestStore()
        let demo = image("demo:1", base)
        try store.load(demo.layoutArchive())
        #expect(
            try store.store.remove("demo:1", inUse: [:]) == [
                "Untagged: demo:1", "Deleted: sha256:\(sha256(demo.config))",
            ])
        try store.expectEmpty()
    }

    @Test("What another image needs stays")
    func keepsShared() throws {
        let store = try TestStore()
        try store.load(image("one:1", base).layoutArchive())
        try store.load(image("two:1", base, tar(.file("two"))).layoutArchive())
        _ = try store.store.remove("one:1", inUse: [:])
        #expect(try store.layers.count == 2)
        #expect(try readText("\(store.store.resolve("two:1").layerPaths[1])/base") == "")
        _ = try store.store.remove("two:1", inUse: [:])
        try store.expectEmpty()
    }

    @Test("The first of two names only goes itself")
    func untags() throws {
        let store = try TestStore()
        try store.load(image("one:1", base).layoutArchive())
        try store.load(image("two:1", base).layoutArchive())
        #expect(try store.store.list().count == 1)
        #expect(try store.store.remove("one:1", inUse: [:]) == ["Untagged: one:1"])
        #expect(try store.store.resolve("two:1").references == ["two:1"])
    }

    @Test("An image that a container was made from stays, and the container is named")
    func refusesUsed() throws {
        let store = try TestStore()
        let demo = image("demo:1", base)
        try store.load(demo.layoutArchive())
        let inUse = ["sha256:\(sha256(demo.config))": "shop-web-1"]
        #expect(
            failure { try store.store.remove("demo:1", inUse: inUse) }
                == "image demo:1 is in use by container shop-web-1")
        #expect(try store.store.resolve("demo:1").layerPaths.count == 1)
    }

    @Test("An image is removed by its id, with all its names")
    func removesByID() throws {
        let store = try TestStore()
        let demo = image("demo:1", base)
        try store.load(demo.layoutArchive())
        _ = try store.store.remove(String(sha256(demo.config).prefix(12)), inUse: [:])
        try store.expectEmpty()
    }

    @Test("An image that is not there is named")
    func missing() throws {
        let store = try TestStore()
        #expect(failure { try store.store.remove("nothing:1", inUse: [:]) } == "no such image: nothing:1")
    }
}
