// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Which project's containers have which of the host's ids: ranges of 65536, none of two owners, whatever root they are
/// of.
///
/// A project keeps its range in its state. A link for each range in a directory of the host leads from the range to the
/// project; one whose project does not name the range in turn is stale, and free to take.
package struct IDRanges {
    package let registry: String
    /// Where ranges begin, and how many there are.
    let pool: (base: UInt32, ranges: UInt32)

    /// Of the host. The ranges are those of `trice` in subuid(5) and subgid(5), where both have the same, else
    /// 0x40000000 to 0x6fff0000: within what systemd leaves to containers (UIDS-GIDS.md), above what it allots by
    /// itself.
    package static func ofHost() throws(SystemError) -> IDRanges {
        func text(_ path: String) throws(SystemError) -> String { exists(path) ? try readText(path) : "" }
        let given = IDRanges.pool(subuid: try text("/etc/subuid"), subgid: try text("/etc/subgid"))
        return IDRanges(registry: "/var/lib/trice-ids", pool: given ?? (0x4000_0000, 0x2fff))
    }

    static func pool(subuid: String, subgid: String) -> (base: UInt32, ranges: UInt32)? {
        func lines(_ text: String) -> [Substring] { text.split(separator: "\n").filter { $0.hasPrefix("trice:") } }
        guard let line = lines(subuid).first, lines(subgid).contains(line) else { return nil }
        let fields = line.split(separator: ":").dropFirst().map { UInt32($0) }
        guard fields.count == 2, let base = fields[0], let count = fields[1], count >= IDMapping.count,
            base > 0, base <= UInt32.max - count
        else { return nil }
        return (base, count / IDMapping.count)
    }

    /// The project's range, which it gets where it has none.
    ///
    /// - Throws: EDQUOT where all are taken.
    package func take(for project: ProjectPaths) throws(SystemError) -> IDMapping {
        let own = IDRanges.recorded(at: project.state)
        if let own, target(own) == project.state { return own }
        try makeDirectories(registry)
        let lock = try FileLock("\(registry)/lock")
        defer { withExtendedLifetime(lock) {} }
        if let own {
            // Its link was lost. The containers' files have these ids, so it keeps them, come what may.
            if owner(of: own) == nil { try claim(own, for: project) }
            return own
        }
        // Begin somewhere of its own, so that a project made again has, as a rule, the ids it had.
        let start = project.state.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } % pool.ranges
        for step in 0..<pool.ranges {
            let mapping = IDMapping(base: pool.base + (start + step) % pool.ranges * IDMapping.count)
            guard owner(of: mapping) == nil else { continue }
            // The record first: a link without it would be stale.
            try makeDirectories(project.state, mode: 0o700)
            try writeAtomically("\(project.state)/ids", Array("\(mapping.base)\n".utf8), durable: false)
            try claim(mapping, for: project)
            return mapping
        }
        throw SystemError("allocate", "a range of ids", errno: EDQUOT)
    }

    /// Gives back what the project has, before its state goes.
    package func release(_ project: ProjectPaths) {
        guard let mapping = IDRanges.recorded(at: project.state), target(mapping) == project.state else { return }
        unlink(link(mapping))
    }

    /// Ranges that no project names, though links lead to this root.
    package func leaks(of roots: Roots) throws(SystemError) -> [String] {
        guard exists(registry) else { return [] }
        return try listDirectory(registry).compactMap { name in
            guard let base = UInt32(name), let target = target(IDMapping(base: base)) else { return nil }
            guard target.hasPrefix("\(roots.root)/projects/"), owner(of: IDMapping(base: base)) == nil else {
                return nil
            }
            return "\(registry)/\(name)"
        }
    }

    private func claim(_ mapping: IDMapping, for project: ProjectPaths) throws(SystemError) {
        unlink(link(mapping))
        try check("symlink", link(mapping)) { symlink(project.state, link(mapping)) }
    }

    private func link(_ mapping: IDMapping) -> String { "\(registry)/\(mapping.base)" }

    private func target(_ mapping: IDMapping) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(link(mapping), &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer[..<length], as: UTF8.self) : nil
    }

    /// The state of the project that has the range.
    private func owner(of mapping: IDMapping) -> String? {
        guard let target = target(mapping), IDRanges.recorded(at: target) == mapping else { return nil }
        return target
    }

    /// Nil also for a file cut off half-way: it is written before any id of the range is used.
    private static func recorded(at state: String) -> IDMapping? {
        do {
            return UInt32(try readText("\(state)/ids", limit: 32).dropLast()).map { IDMapping(base: $0) }
        } catch { return nil }
    }
}
