// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Images
import Linux
import Testing

/// A store in a directory of its own, which goes with it.
final class TestStore {
    let root: String
    let store: ImageStore

    init() throws {
        var name = Array("/tmp/trice-images-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw SystemError("mkdtemp") }
        root = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        store = ImageStore(
            root: root, program: try #require(TestStore.program, "make build, or name the binary in TRICE_BINARY"))
    }

    /// The binary that has the role of unpacking layers, as this process has not.
    static let program: String? = {
        let named = getenv("TRICE_BINARY").map { String(cString: $0) }
        return [named, ".build/release/trice", ".build/debug/trice"].compactMap { $0 }.first(where: exists)
    }()

    deinit { try? removeTree(root) }

    @discardableResult
    func load(_ archive: [UInt8]) throws -> [String] {
        // Outside of the store's directory, so that a full disk does not hit the archive.
        let path = "\(root).tar"
        defer { unlink(path) }
        try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600).writeAll(archive)
        return try store.load(try Descriptor.open(path, O_RDONLY), named: "test.tar")
    }

    /// Loads an image of these layers and gives the directory of its topmost one.
    func unpack(_ layers: [UInt8]...) throws -> String {
        var image = TestImage()
        image.layers = layers
        try load(image.layoutArchive())
        return try #require(try store.resolve("demo:1").layerPaths.first)
    }

    func names(_ directory: String) throws -> [String] {
        exists("\(root)/images/\(directory)") ? try listDirectory("\(root)/images/\(directory)").sorted() : []
    }

    var blobs: [String] { get throws { try names("blobs/sha256") } }
    var layers: [String] { get throws { try names("layers") } }

    /// Whether nothing is there but what could be there before anything was loaded.
    func expectEmpty(_ sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        #expect(try store.list().isEmpty, sourceLocation: sourceLocation)
        #expect(try blobs == [], sourceLocation: sourceLocation)
        #expect(try layers == [], sourceLocation: sourceLocation)
        #expect(try names("unfinished") == [], sourceLocation: sourceLocation)
    }
}

/// What the body throws, as the user reads it.
func failure(_ body: () throws -> some Any) -> String {
    do {
        _ = try body()
        return "(it succeeded)"
    } catch let error as Failure {
        return error.message
    } catch { return "\(error)" }
}

func status(_ path: String) throws -> stat {
    var status = stat()
    try check("lstat", path) { lstat(path, &status) }
    return status
}

func attribute(_ name: String, of path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = lgetxattr(path, name, &buffer, buffer.count)
    return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
}
