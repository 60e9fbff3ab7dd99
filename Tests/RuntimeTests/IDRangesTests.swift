// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Testing

@testable import Runtime

@Suite struct IDRangesTests {
    /// Roots and a registry of its own.
    private func inScratch(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/trice-unit-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer { do { try removeTree(path) } catch { Issue.record(error) } }
        try body(path)
    }

    private func project(_ path: String, _ name: String) -> ProjectPaths {
        ProjectPaths(Roots(root: path, run: "\(path)/run"), project: name)
    }

    @Test func `a project keeps its range, and no two have the same`() throws {
        try inScratch { path in
            let ranges = IDRanges(registry: "\(path)/registry", pool: (1 << 20, 8))
            let projects = (0..<8).map { project("\(path)/root\($0 % 3)", "p\($0)") }
            let taken = try projects.map { try ranges.take(for: $0) }
            #expect(Set(taken).count == 8)
            #expect(taken.allSatisfy { $0.base >= 1 << 20 && $0.base % 65536 == 0 && $0.base < 1 << 20 + 8 * 65536 })
            #expect(try projects.map { try ranges.take(for: $0) } == taken)
            #expect(throws: SystemError("allocate", "a range of ids", errno: EDQUOT)) {
                try ranges.take(for: project("\(path)/root0", "more"))
            }
        }
    }

    @Test func `a project whose link is lost keeps its range`() throws {
        try inScratch { path in
            let ranges = IDRanges(registry: "\(path)/registry", pool: (1 << 20, 2))
            let (first, second) = (project("\(path)/root", "a"), project("\(path)/root", "b"))
            let mapping = try ranges.take(for: first)
            try removeTree("\(path)/registry")
            #expect(try ranges.take(for: first) == mapping)
            #expect(try ranges.take(for: second) != mapping)
        }
    }

    @Test func `a range whose project is gone can be taken`() throws {
        try inScratch { path in
            let ranges = IDRanges(registry: "\(path)/registry", pool: (1 << 20, 1))
            let roots = Roots(root: "\(path)/root", run: "")
            let (first, second, third) = (
                project("\(path)/root", "a"), project("\(path)/root", "b"), project("\(path)/root", "c")
            )
            let mapping = try ranges.take(for: first)
            #expect(try ranges.leaks(of: roots).isEmpty)
            ranges.release(first)
            try removeTree(first.state)
            #expect(try ranges.take(for: second) == mapping)
            // Its state went without a word, as by rm -rf.
            try removeTree(second.state)
            #expect(try ranges.leaks(of: roots) == ["\(path)/registry/\(1 << 20)"])
            #expect(try ranges.leaks(of: Roots(root: "\(path)/else", run: "")).isEmpty)
            #expect(try ranges.take(for: third) == mapping)
            #expect(try ranges.leaks(of: roots).isEmpty)
        }
    }

    struct Pool: CustomTestStringConvertible {
        let subuid: String
        var subgid: String?
        let base: UInt32?
        var ranges: UInt32 = 0
        var testDescription: String { subuid }
    }

    @Test(arguments: [
        Pool(subuid: "", base: nil), Pool(subuid: "user:100000:65536\n", base: nil),
        Pool(subuid: "user:100000:65536\ntrice:200000:131072\n", base: 200_000, ranges: 2),
        Pool(subuid: "trice:200000:131071\n", base: 200_000, ranges: 1),
        Pool(subuid: "trice:200000:65535\n", base: nil),
        Pool(subuid: "trice:200000:65536\n", subgid: "trice:300000:65536\n", base: nil),
        Pool(subuid: "trice:0:65536\n", base: nil), Pool(subuid: "trice:4294901760:65536\n", base: nil),
        Pool(subuid: "trice:x:65536\n", base: nil), Pool(subuid: "trice:1\n", base: nil),
    ])
    func `the pool is what subuid and subgid agree on`(_ row: Pool) {
        let pool = IDRanges.pool(subuid: row.subuid, subgid: row.subgid ?? row.subuid)
        #expect(pool?.base == row.base && pool?.ranges ?? 0 == row.ranges)
    }
}
