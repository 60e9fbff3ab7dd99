// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// How the image of a service is made (Compose Specification, build.md).
package struct Build: Codable, Hashable, Sendable {
    /// A directory of the host, absolute, or a URL.
    package var context: String
    /// From `context`, or absolute; nil where `dockerfileInline` says it.
    package var dockerfile: String?
    package var dockerfileInline: String?
    /// Those with a value, from the file or the project's environment.
    package var args: [KeyValue] = []
    package var ssh: [SSHKey] = []
    package var labels: [Label] = []
    package var cacheFrom: [String] = []
    package var cacheTo: [String] = []
    package var noCache = false
    package var noCacheFilter: [String] = []
    /// By name: a directory, absolute, a URL, or `service:NAME`.
    package var additionalContexts: [KeyValue] = []
    package var entitlements: [String] = []
    package var extraHosts: [ExtraHost] = []
    package var isolation: String?
    package var network: String?
    package var platforms: [String] = []
    package var privileged = false
    package var provenance: String?
    package var sbom: String?
    package var pull = false
    package var secrets: [FileReference] = []
    package var shmSize: ByteSize?
    package var tags: [String] = []
    package var target: String?
    package var ulimits: [Ulimit] = []

    /// A key of the host's, or its agent's socket.
    package struct SSHKey: Codable, Hashable, Sendable {
        /// `default`, or what the Dockerfile calls it.
        package var id: String
        /// Absolute; nil is the agent that `SSH_AUTH_SOCK` names.
        package var path: String?
    }

    package init(context: String) {
        self.context = context
    }
}

extension Build {
    /// The service that an additional context names as `service:NAME`: what that one is built as.
    package static func service(ofContext value: String) -> String? {
        value.hasPrefix("service:") ? String(value.dropFirst("service:".count)) : nil
    }

    /// The services that it has as contexts.
    package var contextServices: [String] { additionalContexts.compactMap { Build.service(ofContext: $0.value) } }
}
