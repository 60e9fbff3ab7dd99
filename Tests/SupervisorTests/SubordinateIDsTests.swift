// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Supervisor

@Suite struct SubordinateIDsTests {
    typealias Range = SubordinateIDs.Range

    @Test(arguments: [
        ("one line", "ada:100000:65536\n", [Range(first: 100_000, count: 65536)]),
        (
            "several lines, and others'", "bob:1:2\nada:10:5\nadam:7:7\nada:20:6\n",
            [Range(first: 10, count: 5), Range(first: 20, count: 6)]
        ),
        ("by number", "1000:10:5\n", [Range(first: 10, count: 5)]),
        ("no lines", "", []),
        ("what is no line", "ada\nada:1\nada:x:1\nada:1:0\nada:4294967295:1\nada:1:1:1\n: :\n", []),
    ])
    func `a user's ranges are those of its name and its number`(_ label: String, _ text: String, _ ranges: [Range]) {
        #expect(SubordinateIDs.ranges(in: text, of: "ada", uid: 1000) == ranges, "\(label)")
    }

    @Test func `a user without a name has those of its number`() {
        #expect(SubordinateIDs.ranges(in: ":1:2\n1000:10:5\n", of: nil, uid: 1000) == [Range(first: 10, count: 5)])
    }

    @Test func `root inside is the user, and the others follow from 1 on`() {
        let words = SubordinateIDs.map(
            own: 1000, ranges: [Range(first: 100_000, count: 60_000), Range(first: 9, count: 2)])
        #expect(words == ["0", "1000", "1", "1", "100000", "60000", "60001", "9", "2"])
    }

    @Test func `no id of the host stands for two`() {
        let ranges = [
            Range(first: 999, count: 2), Range(first: 10, count: 10), Range(first: 19, count: 1),
            Range(first: 20, count: 1),
        ]
        #expect(SubordinateIDs.map(own: 1000, ranges: ranges) == ["0", "1000", "1", "1", "10", "10", "11", "20", "1"])
    }

    @Test func `a map has no more lines than the kernel takes`() {
        let ranges = (0..<1000).map { Range(first: 100_000 + UInt32($0), count: 1) }
        #expect(SubordinateIDs.map(own: 1, ranges: ranges).count == 340 * 3)
    }

    @Test func `the namespace's resolver keeps the host's domains`() {
        let text = "# made by hand\nnameserver 127.0.0.53\nsearch example.org\noptions ndots:2\nnameserver ::1\n"
        #expect(Holder.resolver(text) == "nameserver 10.0.2.3\nsearch example.org\noptions ndots:2\n")
        #expect(Holder.resolver("") == "nameserver 10.0.2.3\n")
    }
}
