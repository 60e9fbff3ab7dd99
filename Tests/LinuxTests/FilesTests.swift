// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Testing

@testable import Linux

@Suite struct FilesTests {
    @Test func `a file is replaced as a whole and nothing else is left`() throws {
        let scratch = try Scratch()
        for durable in [false, true] {
            try writeAtomically(scratch("a"), "a longer old text".utf8, durable: durable)
            try writeAtomically(scratch("a"), "new".utf8, mode: 0o640, durable: durable)
            #expect(try readText(scratch("a")) == "new")
            #expect(try listDirectory(scratch.path) == ["a"])
        }
        var status = stat()
        #expect(stat(scratch("a"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o640)
    }

    @Test func `a file that cannot be replaced leaves no temporary`() throws {
        let scratch = try Scratch()
        try makeDirectories(scratch("a/b"))
        let error = #expect(throws: SystemError.self) { try writeAtomically(scratch("a"), "x".utf8) }
        #expect(error?.errno == EISDIR)
        #expect(try listDirectory(scratch.path) == ["a"])
        let missing = #expect(throws: SystemError.self) { try writeAtomically(scratch("no/file"), "x".utf8) }
        #expect(missing?.errno == ENOENT)
    }

    struct LimitRow: Sendable {
        let size: Int
        let limit: Int
        let isRead: Bool
    }

    @Test(arguments: [
        LimitRow(size: 0, limit: 0, isRead: true), LimitRow(size: 1, limit: 0, isRead: false),
        LimitRow(size: 10, limit: 10, isRead: true), LimitRow(size: 11, limit: 10, isRead: false),
        LimitRow(size: 4096, limit: 4096, isRead: true), LimitRow(size: 4097, limit: 4096, isRead: false),
        LimitRow(size: 300_000, limit: 300_000, isRead: true), LimitRow(size: 300_000, limit: 299_999, isRead: false),
    ])
    func `a file of at most the limit is read`(_ row: LimitRow) throws {
        let scratch = try Scratch()
        let bytes = (0..<row.size).map { UInt8(truncatingIfNeeded: $0) }
        try writeAtomically(scratch("a"), bytes, durable: false)
        if row.isRead {
            #expect(try readFile(scratch("a"), limit: row.limit) == bytes)
        } else {
            #expect(throws: SystemError("read", scratch("a"), errno: EFBIG)) {
                try readFile(scratch("a"), limit: row.limit)
            }
        }
    }

    @Test func `what is no file cannot be read`() throws {
        let scratch = try Scratch()
        #expect(throws: SystemError("open", scratch("no"), errno: ENOENT)) { try readFile(scratch("no")) }
        #expect(throws: SystemError("read", errno: EISDIR)) { try readFile(scratch.path) }
    }

    @Test func `a file of the kernel, whose size is 0, is read to its end`() throws {
        #expect(try readText("/proc/self/status").contains("Pid:"))
    }

    @Test func `wrong UTF-8 is replaced`() throws {
        let scratch = try Scratch()
        try writeAtomically(scratch("a"), [0x61, 0xff, 0x62], durable: false)
        #expect(try readText(scratch("a")) == "a\u{fffd}b")
    }

    @Test(arguments: ["a", "a/b/c", "a/b/", "a//b", "./a/../b"])
    func `directories are made with those above, also a second time`(_ name: String) throws {
        let scratch = try Scratch()
        for _ in 0..<2 {
            try makeDirectories(scratch(name))
            #expect(try listDirectory(scratch(name)).isEmpty)
        }
    }

    @Test func `a symbolic link to a directory will do as one, other files will not`() throws {
        let scratch = try Scratch()
        try makeDirectories(scratch("a"))
        #expect(symlink("a", scratch("link")) == 0)
        #expect(symlink("nowhere", scratch("dangling")) == 0)
        try writeAtomically(scratch("file"), [], durable: false)
        try makeDirectories(scratch("link"))
        try makeDirectories(scratch("link/b"))
        #expect(exists(scratch("a/b")))
        for name in ["file", "dangling"] {
            #expect(throws: SystemError("mkdir", scratch(name), errno: EEXIST)) { try makeDirectories(scratch(name)) }
        }
        let below = #expect(throws: SystemError.self) { try makeDirectories(scratch("file/b")) }
        #expect(below?.errno == ENOTDIR)
    }

    @Test func `a tree is removed without following symbolic links`() throws {
        let scratch = try Scratch()
        try makeDirectories(scratch("outside/kept"))
        try makeDirectories(scratch("tree/a/b/c"))
        try makeDirectories(scratch("tree/empty"))
        for index in 0..<300 { try writeAtomically(scratch("tree/a/\(index)"), [], durable: false) }
        #expect(symlink(scratch("outside"), scratch("tree/a/link")) == 0)
        #expect(symlink("nowhere", scratch("tree/dangling")) == 0)
        #expect(mkfifo(scratch("tree/pipe"), 0o600) == 0)
        try removeTree(scratch("tree"))
        #expect(!exists(scratch("tree")))
        #expect(exists(scratch("outside/kept")))
        #expect(symlink("outside", scratch("tree")) == 0)
        try removeTree(scratch("tree"))
        #expect(try listDirectory(scratch.path) == ["outside"])
        #expect(exists(scratch("outside/kept")))
        try removeTree(scratch("not there"))
    }

    @Test func `a deep tree is removed`() throws {
        let scratch = try Scratch()
        try makeDirectories(scratch(String(repeating: "d/", count: 150)))
        try removeTree(scratch("d"))
        #expect(!exists(scratch("d")))
    }

    @Test func `names are listed in order, and a dangling link is there`() throws {
        let scratch = try Scratch()
        for name in ["b", "a", ".c"] { try writeAtomically(scratch(name), [], durable: false) }
        #expect(symlink("nowhere", scratch("d")) == 0)
        #expect(try listDirectory(scratch.path) == [".c", "a", "b", "d"])
        #expect(exists(scratch("d")))
        #expect(!exists(scratch("e")))
    }

    @Test func `a replaced file has another modification time, a missing one 0`() throws {
        let scratch = try Scratch()
        #expect(modificationTime(scratch("a")) == 0)
        try writeAtomically(scratch("a"), [1], durable: false)
        let first = modificationTime(scratch("a"))
        #expect(modificationTime(scratch("a")) == first)
        try writeAtomically(scratch("a"), [2], durable: false)
        #expect(modificationTime(scratch("a")) != first)
    }

    @Test func `a lock has one holder until it goes away`() throws {
        let scratch = try Scratch()
        var held: FileLock? = try FileLock(scratch("lock"))
        #expect(held != nil)
        #expect(try FileLock(ifFree: scratch("lock")) == nil)
        held = nil
        held = try FileLock(ifFree: scratch("lock"))
        #expect(held != nil)
        #expect(try FileLock(ifFree: scratch("lock")) == nil)
    }

    @Test func `a shared lock has many holders`() throws {
        let scratch = try Scratch()
        var shared = try (0..<3).map { _ in try FileLock(scratch("lock"), shared: true) }
        while !shared.isEmpty {
            #expect(try FileLock(ifFree: scratch("lock")) == nil)
            shared.removeLast()
        }
        #expect(try FileLock(ifFree: scratch("lock")) != nil)
    }

    @Test func `a memory file gives back its bytes, whatever its offset`() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let file = try memoryFile("test", bytes)
        #expect(try readWhole(file.raw) == bytes)
        #expect(try readWhole(file.raw) == bytes)
        #expect(throws: SystemError("pread", errno: EFBIG)) { try readWhole(file.raw, limit: 199_999) }
    }

    @Test func `a descriptor closes on exec, and only once`() throws {
        let file = try Descriptor.open("/dev/null", O_RDONLY)
        let raw = file.raw
        #expect(fcntl(raw, F_GETFD) == FD_CLOEXEC)
        #expect(file.release() == raw)
        #expect(file.raw == -1)
        let other = Descriptor(raw)
        other.close()
        other.close()
        #expect(other.raw == -1)
    }
}
