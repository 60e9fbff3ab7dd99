// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Networking

/// What a new network must keep away from, of one that is there.
struct NetworkClaim: Hashable, Sendable {
    var name: String
    /// The bridge, or the link on the parent.
    var link: String?
    var subnet: IPv4Prefix?
    var subnet6: IPv6Prefix?

    init(_ record: NetworkRecord) {
        (name, link) = (record.name, record.bridge ?? record.parent?.name)
        (subnet, subnet6) = (record.subnet, record.subnet6)
    }

    /// Nil for what is no whole line of an index.
    fileprivate init?(line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 5, fields[4] == "." else { return nil }
        (name, link) = (String(fields[0]), fields[1].isEmpty ? nil : String(fields[1]))
        (subnet, subnet6) = (IPv4Prefix(fields[2]), IPv6Prefix(fields[3]))
        guard (subnet == nil) == fields[2].isEmpty, (subnet6 == nil) == fields[3].isEmpty else { return nil }
    }

    /// With its line break before it: what was cut off before is a line of its own then.
    fileprivate var line: String {
        "\n\(name)\t\(link ?? "")\t\(subnet?.description ?? "")\t\(subnet6?.description ?? "")\t."
    }
}

/// The claims of a root's networks in one file, a line each, so that a new network need not read the records of thousands.
///
/// It holds nothing that the records do not say. Lines are appended, the last one of a name counts, and a name that has no
/// record counts for nothing; what it lacks, or what was cut off, is read from the records and appended.
struct NetworkIndex {
    let path: String

    /// - Parameters:
    ///   - names: the networks that are there.
    ///   - record: reads one's record.
    func claims(of names: [String], record: (String) throws -> NetworkRecord?) throws -> [NetworkClaim] {
        let lines = exists(path) ? try readText(path).split(separator: "\n") : []
        let known = Dictionary(lines.compactMap(NetworkClaim.init(line:)).map { ($0.name, $0) }) { $1 }
        var missing: [NetworkClaim] = []
        let claims = try names.compactMap { name in
            if let claim = known[name] { return claim }
            guard let claim = try record(name).map(NetworkClaim.init) else { return nil }
            missing.append(claim)
            return claim
        }
        // As many lines as networks, and as many again of those that were.
        if lines.count > 2 * claims.count + 64 {
            try writeAtomically(path, Array(claims.map(\.line).joined().utf8), durable: false)
        } else if !missing.isEmpty {
            try append(missing)
        }
        return claims
    }

    func append(_ claims: [NetworkClaim]) throws {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        try file.writeAll(claims.map(\.line).joined().utf8)
    }
}
