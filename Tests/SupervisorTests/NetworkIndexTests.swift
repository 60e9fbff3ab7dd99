// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Networking
import Testing

@testable import Supervisor

@Suite struct NetworkIndexTests {
    private static func record(_ name: String, _ subnet: String?, _ subnet6: String? = nil) -> NetworkRecord {
        NetworkRecord(
            name: name, project: "p", key: name, bridge: "tr-\(name)", subnet: subnet.flatMap { IPv4Prefix($0) },
            subnet6: subnet6.flatMap { IPv6Prefix($0) }, isInternal: false, labels: [:], created: 0)
    }

    private func withIndex(_ body: (NetworkIndex) throws -> Void) throws {
        var template = Array("/tmp/trice-index-test.XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { try! removeTree(directory) }
        try body(NetworkIndex(path: "\(directory)/index"))
    }

    @Test func `a record is read once, and then its line`() throws {
        try withIndex { index in
            let records = [
                "a": Self.record("a", "10.1.0.0/24"), "b": Self.record("b", nil, "fd01::/64"),
                "c": Self.record("c", "10.2.0.0/24", "fd02::/64"),
            ]
            var read: [String] = []
            func claims(_ names: [String]) throws -> [NetworkClaim] {
                read = []
                return try index.claims(of: names) {
                    read.append($0)
                    return records[$0]
                }
            }
            let all = ["a", "b", "c"].map { NetworkClaim(records[$0]!) }
            try index.append([all[0]])
            #expect(try claims(["a", "b", "c"]) == all)
            #expect(read == ["b", "c"])
            #expect(try claims(["a", "b", "c"]) == all)
            #expect(read.isEmpty)
            // What has no record is not there, whatever the index says; who has a record and goes meanwhile neither.
            #expect(try claims(["c"]) == [all[2]])
            #expect(try claims(["c", "gone"]) == [all[2]])
        }
    }

    @Test(arguments: [
        "", "a", "a\ttr-a\t10.1.0.0/2", "a\ttr-a\t10.1.0.0/24\t", "a\ttr-a\tnonsense\t\t.\n", "\n\n", "\u{0}",
    ])
    func `of a file that was cut off the records tell the truth`(_ text: String) throws {
        try withIndex { index in
            try Descriptor.open(index.path, O_WRONLY | O_CREAT, mode: 0o600).writeAll(text.utf8)
            let record = Self.record("a", "10.1.0.0/24")
            for _ in 0..<3 {
                #expect(try index.claims(of: ["a"]) { _ in record } == [NetworkClaim(record)])
            }
            try index.append([NetworkClaim(record)])
            #expect(try index.claims(of: ["a"]) { _ in nil } == [NetworkClaim(record)])
        }
    }

    @Test func `the last line of a name counts, and lines of those that were do not pile up`() throws {
        try withIndex { index in
            let kept = NetworkClaim(Self.record("kept", "10.9.0.0/24"))
            try index.append([kept])
            for number in 0..<500 {
                let claim = NetworkClaim(Self.record("a", "10.\(number % 200).0.0/24"))
                try index.append([claim])
                #expect(try index.claims(of: ["kept", "a"]) { _ in nil } == [kept, claim])
                #expect(try readText(index.path).split(separator: "\n").count < 70)
            }
        }
    }
}
