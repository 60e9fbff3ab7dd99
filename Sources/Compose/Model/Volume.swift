// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A named volume of the project (Compose Specification, 07-volumes.md).
package struct Volume: Codable, Hashable, Sendable {
    /// What services call it.
    package var key: String
    /// What the system calls it: `PROJECT_KEY` unless the file says otherwise.
    package var name: String
    /// Nil is the default, `local`.
    package var driver: String?
    /// For `local` as for mount(8): `type`, `o`, `device`.
    package var driverOptions: [KeyValue] = []
    /// Made and removed by someone else.
    package var isExternal: Bool
    package var labels: [Label]
    package var location: SourceLocation?
    @PlaceList package var places: Places

    package init(key: String, name: String, location: SourceLocation?) {
        self.key = key
        self.name = name
        self.location = location
        isExternal = false
        labels = []
        places = [:]
    }
}
