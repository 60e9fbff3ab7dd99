// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Where an overlay has its marks on files: extended attributes that only the host's root may set, or such as any owner of
/// a file may (`userxattr`, Linux 5.11), which is what there is in a user namespace. See Documentation/filesystems/overlayfs.rst
/// of the kernel.
package enum OverlayMarks: Sendable, Hashable {
    case trusted, user

    package static var ofThisProcess: OverlayMarks {
        get throws(SystemError) { try isInHostUserNamespace() ? .trusted : .user }
    }

    /// The attribute of a mark, `opaque` for one.
    package func attribute(_ mark: String) -> String { "\(self).overlay.\(mark)" }

    package var mountOptions: [String] { self == .user ? ["userxattr"] : [] }
}
