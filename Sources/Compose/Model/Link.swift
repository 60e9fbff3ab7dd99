// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Another container by a name of its own (Compose Specification, 05-services.md, `links` and `external_links`).
package struct Link: Codable, Hashable, Sendable {
    /// A service; for `external_links` a container.
    package var target: String
    package var alias: String
    /// As written: `db` or `db:database`.
    package var text: String

    package init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        target = String(parts[0])
        alias = String(parts.last ?? "")
        self.text = text
    }
}

/// All mounts of another container (Compose Specification, 05-services.md, `volumes_from`).
package struct VolumesFrom: Codable, Hashable, Sendable {
    package enum Source: Codable, Hashable, Sendable {
        case service(String)
        case container(String)
    }

    package var source: Source
    package var readOnly: Bool
    /// As written: `db`, `db:ro`, `container:NAME:rw`.
    package var text: String

    package init(_ text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        readOnly = parts.count > 1 && parts.last == "ro"
        if parts[0] == "container", parts.count > 1 {
            parts.removeFirst()
            source = .container(parts[0])
        } else {
            source = .service(parts[0])
        }
        self.text = text
    }
}
