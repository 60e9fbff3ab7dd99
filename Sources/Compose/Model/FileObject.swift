// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A config or secret of the project (Compose Specification, 08-configs.md and 09-secrets.md).
package struct FileObject: Codable, Hashable, Sendable {
    package enum Content: Codable, Hashable, Sendable {
        /// A path of the host, absolute.
        case file(String)
        /// The name of a variable, and its value; nil where it is not set.
        case environment(String, value: String?)
        /// Configs only.
        case inline(String)
        /// Made by someone else, or by a driver.
        case elsewhere
    }

    /// What services call it.
    package var key: String
    /// What the system calls it: `PROJECT_KEY` unless the file says otherwise.
    package var name: String
    package var content: Content
    package var isExternal = false
    package var labels: [Label] = []
    /// Secrets only.
    package var driver: String?
    package var driverOptions: [KeyValue] = []
    package var templateDriver: String?
    package var location: SourceLocation
    @PlaceList package var places: Places = [:]

    package init(key: String, name: String, content: Content, location: SourceLocation) {
        self.key = key
        self.name = name
        self.content = content
        self.location = location
    }
}

/// A config or secret as a file in the container (Compose Specification, 05-services.md, `configs` and `secrets`).
package struct FileReference: Codable, Hashable, Sendable {
    /// The key of the config or secret in the project.
    package var source: String
    /// As written. Nil is `/SOURCE` for a config; a secret without one is at `/run/secrets/SOURCE`, where relative paths
    /// of secrets start too.
    package var target: String?
    /// Numbers, as text.
    package var uid: String?
    package var gid: String?
    /// Permission bits; nil is 0444.
    package var mode: UInt32?

    package init(source: String, target: String? = nil) {
        self.source = source
        self.target = target
    }
}
