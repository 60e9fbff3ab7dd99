// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The registry that a name without a host means: Docker Hub, by the name that docker gives it.
package enum DefaultRegistry {
    package static let domain = "docker" + ".io"
    /// Where its API answers.
    package static let host = "registry-1." + domain
    /// Its key in Docker's configuration file, which is older than the API.
    package static let credentialsKey = "https://index." + domain + "/v1/"

    /// Without the default registry, and without the folder `library/` that its official images are in: how docker shows names.
    static func shortened(_ name: String) -> String {
        for prefix in ["\(domain)/", "index.\(domain)/"] where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            let own = rest.hasPrefix("library/") ? rest.dropFirst("library/".count) : rest
            // What has more parts is no official image.
            return own.contains("/") ? String(rest) : String(own)
        }
        return name
    }
}

extension Reference {
    /// The registry's host, with its port where one is named. A first part of the name is a host where it has a dot or a port,
    /// or is `localhost` (the reference grammar of the distribution project).
    package var domain: String { splitName.domain }

    /// The repository in its registry: `library/redis` for `redis`.
    package var repository: String { splitName.repository }

    private var splitName: (domain: String, repository: String) {
        if let slash = name.firstIndex(of: "/") {
            let first = name[..<slash]
            if first.contains(".") || first.contains(":") || first == "localhost" {
                return (String(first), String(name[name.index(after: slash)...]))
            }
            return (DefaultRegistry.domain, name)
        }
        return (DefaultRegistry.domain, "library/\(name)")
    }

    /// The whole name, with host, tag and digest: `HOST/library/redis:7@sha256:…`.
    package func canonical(digest other: String?) -> String {
        let tag = tag.map { ":\($0)" } ?? (digest == nil ? ":latest" : "")
        return "\(domain)/\(repository)\(tag)" + ((digest ?? other).map { "@\($0)" } ?? "")
    }

    /// The name with a digest in place of the tag: what docker calls a repository digest.
    package func pinned(to digest: String) -> String { "\(name)@\(digest)" }
}
