// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Images
import Linux
import Testing

@Suite("A full disk", .enabled(if: geteuid() == 0, "mounts need root"))
struct FullDiskTests {
    /// Mounts a file system of this size on the store's directory for the time of the body.
    private func withFileSystem(of size: String, on store: TestStore, _ body: () throws -> Void) throws {
        let directory = "\(store.root)/images"
        try makeDirectories(directory)
        try check("mount", directory) { mount("trice-test", directory, "tmpfs", 0, "size=\(size)") }
        defer { umount2(directory, Int32(MNT_DETACH)) }
        try body()
    }

    @Test(
        "is an error that says so, wherever in a load it comes, and the store is as it was",
        arguments: [600, 1100, 1800, 2400])
    func isReported(kilobytes: Int) throws {
        let store = try TestStore()
        try withFileSystem(of: "\(kilobytes)k", on: store) {
            var good = TestImage()
            good.name = "good:1"
            try store.load(good.layoutArchive())
            let before = (try store.blobs, try store.layers, try store.store.list())

            var image = TestImage()
            let content = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
            image.layers = [
                tar(TarEntry(path: "large", content: content)), tar(TarEntry(path: "larger", content: content)),
            ]
            let message = failure { try store.load(image.layoutArchive()) }
            #expect(message.contains("no space left on device (ENOSPC)"))
            #expect(try (store.blobs, store.layers, store.store.list()) == before)
            #expect(try store.names("unfinished") == [])

            // There is room again for what fits.
            var small = TestImage()
            small.name = "small:1"
            small.layers = [tar(.file("small"))]
            try store.load(small.layoutArchive())
            #expect(try store.store.list().count == 2)
        }
    }
}
