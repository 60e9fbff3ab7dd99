// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Testing

@testable import Linux

@Suite struct NamesTests {
    @Test(
        arguments: [
            ("SIGTERM", 15), ("TERM", 15), ("term", 15), ("sigKill", 9), ("15", 15), ("1", 1), ("64", 64),
            ("RTMIN", 34),
            ("SIGRTMIN+3", 37), ("RTMIN+30", 64), ("RTMAX", 64), ("rtmax-14", 50), ("IOT", 6), ("ABRT", 6),
            ("POLL", 29),
            ("CLD", 17), ("WINCH", 28), ("SYS", 31), ("RTMAX-30", 34),
            ("0", nil), ("65", nil), ("-9", nil), ("", nil), ("SIG", nil), ("SIGSIGTERM", nil), ("RTMIN+31", nil),
            ("RTMIN-1", nil), ("RTMIN+", nil), ("RTMAX+1", nil), ("TERM ", nil), ("STOPPED", nil),
        ] as [(String, Int32?)])
    func `a signal is known by its name or number`(_ row: (String, Int32?)) { #expect(signalNumber(row.0) == row.1) }

    @Test(arguments: [
        ("/", "/"), ("/a", "/a"), ("/a/", "/a"), ("//a//b", "/a/b"), ("/a/./b/.", "/a/b"), ("/a/../b", "/b"),
        ("/../..", "/"),
        ("/a/b/../../c", "/c"), ("/a/...", "/a/..."),
    ])
    func `an absolute path is written in its shortest form`(_ row: (String, String)) {
        #expect(absolutePath(row.0) == row.1)
    }

    @Test func `a relative path begins at the working directory`() {
        let here = absolutePath("")
        #expect(here.hasPrefix("/"))
        #expect(absolutePath(".") == here)
        #expect(absolutePath("x/../y/./z") == absolutePath("\(here)/y/z"))
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a", "/"), ("a", "."), ("a/b", "a"), ("/", "/"), ("", "."), ("/a/b/c.d", "/a/b"),
    ])
    func `a path has its parent`(_ row: (String, String)) { #expect(parentDirectory(row.0) == row.1) }

    // The published vectors of FNV-1a.
    @Test(arguments: [
        ("", "811c9dc5"), ("a", "e40c292c"), ("foobar", "bf9cf968"), ("b", "e70c2de5"), ("fo", "6222e842"),
    ])
    func `a root's tag is its path's hash`(_ row: (String, String)) {
        #expect(Roots(root: row.0, run: "/run").tag == row.1)
    }

    @Test func `a tag has eight digits always`() {
        for index in 0..<2000 { #expect(Roots(root: "/r/\(index)", run: "").tag.utf8.count == 8) }
    }

    struct ErrorRow: Sendable {
        let error: SystemError
        let text: String
    }

    @Test(arguments: [
        ErrorRow(error: SystemError("open", "/x", errno: ENOENT), text: "open /x: no such file or directory (ENOENT)"),
        ErrorRow(error: SystemError("epoll_wait", errno: EBADF), text: "epoll_wait: bad file descriptor (EBADF)"),
        ErrorRow(error: SystemError("mount", "/y", errno: EPERM), text: "mount /y: operation not permitted (EPERM)"),
        ErrorRow(error: SystemError("bpf", errno: 4711), text: "bpf: unknown error 4711 (errno 4711)"),
    ])
    func `a system error names call, subject and errno`(_ row: ErrorRow) { #expect("\(row.error)" == row.text) }

    @Test func `a call is tried again after a signal, and its errno is kept`() throws {
        var results: [(Int, Int32)] = [(-1, EINTR), (-1, EINTR), (7, 0)]
        func call() -> Int {
            let next = results.removeFirst()
            errno = next.1
            return next.0
        }
        #expect(try check("x") { call() } == 7)
        results = [(-1, EINTR), (-1, ENOSPC)]
        #expect(throws: SystemError("x", "y", errno: ENOSPC)) { try check("x", "y") { call() } }
    }
}
