// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Compose Specification, 05-services.md, `security_opt`.
package struct SecurityOption: Codable, Hashable, Sendable {
    package enum Kind: Codable, Hashable, Sendable {
        case noNewPrivileges(Bool)
        case seccomp(SeccompProfile)
        /// The name of a loaded profile, or `unconfined`.
        case appArmor(String)
        /// Of SELinux: `user:…`, `role:…`, `type:…`, `level:…`, `disable`.
        case label(String)
        /// `systempaths=unconfined`: nothing of `/proc` and `/sys` is masked or read-only.
        case unconfinedSystemPaths
        /// What trice does not know.
        case other
    }

    package enum SeccompProfile: Codable, Hashable, Sendable {
        case unconfined
        /// `builtin`: the default, by name.
        case builtin
        /// A file of the host, absolute.
        case file(String)
    }

    /// As written, with `=` or `:` between name and value.
    package var text: String
    package var kind: Kind

    package init(text: String, kind: Kind) {
        self.text = text
        self.kind = kind
    }
}
