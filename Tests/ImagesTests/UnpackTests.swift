// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Images
import Linux
import Testing

@Suite("Unpacking layers", .enabled(if: geteuid() == 0, "owners, devices and trusted attributes need root"))
struct UnpackTests {
    @Test("Owners, modes and times are those of the archive, set-user-ID included")
    func attributes() throws {
        let store = try TestStore()
        var program = TarEntry.file("bin/su", "x", mode: 0o4755)
        (program.user, program.group) = (12, 34)
        var folder = TarEntry.directory("var", mode: 0o1777)
        folder.group = 7
        let layer = try store.unpack(tar(folder, .file("var/inside"), .directory("bin"), program))

        let su = try status("\(layer)/bin/su")
        #expect(su.st_mode & 0o7777 == 0o4755)
        #expect([su.st_uid, su.st_gid] == [12, 34])
        #expect(su.st_mtim.tv_sec == 1_700_000_000)
        let made = try status("\(layer)/var")
        #expect(made.st_mode & 0o7777 == 0o1777)
        #expect(made.st_gid == 7)
        // Although a file came into it later.
        #expect(made.st_mtim.tv_sec == 1_700_000_000)
    }

    @Test("Links, devices and FIFOs are made as they are")
    func nodes() throws {
        let store = try TestStore()
        let null = TarEntry(path: "null", kind: "3", mode: 0o666, device: (1, 3))
        let fifo = TarEntry(path: "fifo", kind: "6", mode: 0o620)
        let layer = try store.unpack(
            tar(
                .file("a", "text"), .hardLink("b", to: "a"), .link("c", to: "../../outside"), null, fifo,
                .link("dir", to: "/etc")))

        #expect(try status("\(layer)/a").st_ino == status("\(layer)/b").st_ino)
        var target = [CChar](repeating: 0, count: 64)
        #expect(readlink("\(layer)/c", &target, 63) == 13)
        #expect(try status("\(layer)/null").st_rdev == trice_makedev(1, 3))
        #expect(try status("\(layer)/null").st_mode == trice_s_ifchr | 0o666)
        #expect(try status("\(layer)/fifo").st_mode == trice_s_ififo | 0o620)
    }

    @Test("A whiteout hides a file of a layer below as overlayfs wants it")
    func whiteout() throws {
        let store = try TestStore()
        let layer = try store.unpack(tar(.file("etc/old")), tar(.file("etc/.wh.old")))
        let hidden = try status("\(layer)/etc/old")
        #expect(hidden.st_mode & trice_s_ifmt == trice_s_ifchr)
        #expect(hidden.st_rdev == 0)
        #expect(!exists("\(layer)/etc/.wh.old"))
    }

    @Test(
        "A directory beside its whiteout hides what is below it, and stays",
        arguments: [
            [TarEntry.file(".wh.etc"), .directory("etc"), .file("etc/new")],
            [.directory("etc"), .file("etc/new"), .file(".wh.etc")],
            [.file("etc/new"), .file(".wh.etc")],
            [.file(".wh.etc"), .file("etc/new")],
        ])
    func replacedDirectory(entries: [TarEntry]) throws {
        let store = try TestStore()
        let layer = try store.unpack(tar(.file("etc/old")), tar(entries))
        #expect(try listDirectory("\(layer)/etc") == ["new"])
        #expect(attribute("trusted.overlay.opaque", of: "\(layer)/etc") == "y")
    }

    @Test(
        "A file beside its whiteout stays",
        arguments: [[TarEntry.file("a", "new"), .file(".wh.a")], [.file(".wh.a"), .file("a", "new")]])
    func replacedFile(entries: [TarEntry]) throws {
        let store = try TestStore()
        #expect(try readText("\(store.unpack(tar(.file("a", "old")), tar(entries)))/a") == "new")
    }

    @Test("An opaque directory hides all that layers below have in it")
    func opaque() throws {
        let store = try TestStore()
        let layer = try store.unpack(
            tar(.file("etc/old")), tar(.directory("etc"), .file("etc/.wh..wh..opq"), .file("etc/new", "n")))
        #expect(attribute("trusted.overlay.opaque", of: "\(layer)/etc") == "y")
        #expect(try listDirectory("\(layer)/etc") == ["new"])
    }

    @Test("A directory that the archive does not name is as the layer below has it")
    func impliedDirectory() throws {
        let store = try TestStore()
        var folder = TarEntry.directory("srv", mode: 0o2770)
        folder.user = 33
        let layer = try store.unpack(tar(folder), tar(.file("srv/a")))
        #expect(try status("\(layer)/srv").st_mode & 0o7777 == 0o2770)
        #expect(try status("\(layer)/srv").st_uid == 33)
    }

    @Test("Extended attributes are kept, but for those that speak to the kernel of the host")
    func extendedAttributes() throws {
        let store = try TestStore()
        var file = TarEntry.file("a")
        file.attributes = [("user.note", "hi"), ("trusted.overlay.redirect", "/etc"), ("security.selinux", "x")]
        let layer = try store.unpack(tar(file))
        #expect(attribute("user.note", of: "\(layer)/a") == "hi")
        #expect(attribute("trusted.overlay.redirect", of: "\(layer)/a") == nil)
        #expect(attribute("security.selinux", of: "\(layer)/a") == nil)
    }

    @Test("The last of several entries of one path counts, of whatever kind they are")
    func replaces() throws {
        let store = try TestStore()
        let layer = try store.unpack(
            tar(
                .file("a", "1"), .file("a", "2"), .directory("b"), .file("b/c"), .link("b", to: "a"),
                .link("d", to: "/etc"),
                .directory("d"), .file("d/passwd", "ours")))
        #expect(try readText("\(layer)/a") == "2")
        #expect(try status("\(layer)/b").st_mode & trice_s_ifmt == trice_s_iflnk)
        #expect(try readText("\(layer)/d/passwd") == "ours")
    }

    @Test("Odd spellings of a path lead where they should", arguments: ["./a/b", "/a/b", "a//b", "a/./b"])
    func spellings(path: String) throws {
        let store = try TestStore()
        #expect(try readText("\(store.unpack(tar(.file(path, "x"))))/a/b") == "x")
    }
}
