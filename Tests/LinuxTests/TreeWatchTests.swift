// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

@testable import Linux

/// What a watched tree tells of its files.
@Suite struct TreeWatchTests {
    /// A directory of its own, and what has changed in it, relative to it.
    private final class Tree {
        let path: String
        private var watch: TreeWatch?

        init(_ directories: [String], files: [String] = []) throws {
            path = "/tmp/trice-watch-\(getpid())-\(UUID().uuidString.prefix(8))"
            for name in [""] + directories {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(name)", withIntermediateDirectories: true)
            }
            for file in files { try write(file) }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func begin(_ roots: [String] = [""], ignoring ignored: String = "ignored") throws {
            watch = try TreeWatch(roots.map { $0.isEmpty ? path : "\(path)/\($0)" }) { !$0.hasSuffix("/\(ignored)") }
        }

        func write(_ name: String) throws {
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }

        /// inotify queues an event before the call that caused it returns: nothing need be waited for.
        func changes() throws -> Set<String> {
            Set(try #require(watch).changes().map { String($0.dropFirst(path.count + 1)) })
        }
    }

    @Test func `writing, renaming and removing are told`() throws {
        let tree = try Tree(["sub"], files: ["a", "sub/b"])
        try tree.begin()
        #expect(try tree.changes().isEmpty)
        try tree.write("sub/b")
        #expect(try tree.changes() == ["sub/b"])
        rename("\(tree.path)/a", "\(tree.path)/c")
        #expect(try tree.changes() == ["a", "c"])
        unlink("\(tree.path)/c")
        #expect(try tree.changes() == ["c"])
    }

    @Test func `a directory that comes is watched, with what is in it already`() throws {
        let tree = try Tree([])
        try tree.begin()
        try FileManager.default.createDirectory(atPath: "\(tree.path)/x/y", withIntermediateDirectories: true)
        try tree.write("x/y/early")
        #expect(try tree.changes().contains("x"))
        try tree.write("x/y/late")
        #expect(try tree.changes() == ["x/y/late"])
    }

    @Test func `what is not entered is not told of`() throws {
        let tree = try Tree(["ignored/deep"])
        try tree.begin()
        try tree.write("ignored/deep/a")
        #expect(try tree.changes().isEmpty)
    }

    @Test func `a file is watched by itself, however it is replaced`() throws {
        let tree = try Tree(["sub"], files: ["sub/one", "sub/other"])
        try tree.begin(["sub/one"])
        try tree.write("sub/other")
        #expect(try tree.changes().isEmpty)
        try tree.write("sub/new")
        rename("\(tree.path)/sub/new", "\(tree.path)/sub/one")
        #expect(try tree.changes() == ["sub/one"])
    }
}
