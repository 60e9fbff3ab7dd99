// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A device of the host in the container (Compose Specification, 05-services.md, `devices`), or a CDI name as both paths.
package struct DeviceMapping: Codable, Hashable, Sendable {
    package var source: String
    package var target: String
    /// Of `r`, `w` and `m`; nil is all.
    package var permissions: String?

    package init(source: String, target: String, permissions: String?) {
        self.source = source
        self.target = target
        self.permissions = permissions
    }

    /// Whether it names a device of the Container Device Interface, `vendor.example/class=name`, and not a path.
    package var isCDI: Bool { source.utf8.first != UInt8(ascii: "/") && source.contains("=") }
}

/// What is asked of a kind of device (Compose Specification, 05-services.md, `gpus`, and deploy.md, `devices`).
package struct DeviceRequest: Codable, Hashable, Sendable {
    package var capabilities: [String] = []
    package var driver: String?
    /// How many; -1 is all. Nil where `deviceIDs` says which.
    package var count: Int?
    package var deviceIDs: [String] = []
    package var options: [KeyValue] = []

    package init() {}
}
