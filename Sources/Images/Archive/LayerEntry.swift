// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Glibc
import Linux

/// How a file of an overlay's upper directory stands in a layer (OCI image specification, layer.md; overlayfs.rst of the
/// kernel).
struct LayerEntry {
    /// The container's ids; nil for the host's.
    let ids: IDMapping?

    /// Changes an entry that was read from the disk.
    ///
    /// - Parameter path: of the file, relative to the upper directory.
    /// - Returns: the path of a further entry, which says that nothing of the layers below is in the directory.
    func translate(_ entry: OpaquePointer, _ path: String) throws -> String? {
        archive_entry_set_uid(entry, inside(archive_entry_uid(entry)))
        archive_entry_set_gid(entry, inside(archive_entry_gid(entry)))
        let type = archive_entry_filetype(entry)
        if type == trice_s_ifchr && archive_entry_rdev(entry) == 0 {
            let cut = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
            archive_entry_set_pathname(entry, "\(path[..<cut]).wh.\(path[cut...])")
            archive_entry_set_filetype(entry, UInt32(trice_s_ifreg))
            archive_entry_set_perm(entry, 0)
            archive_entry_set_size(entry, 0)
            return nil
        }
        let marks = try OverlayMarks.ofThisProcess
        if ["redirect", "metacopy"].contains(where: { attribute(marks.attribute($0), of: path) != nil }) {
            throw TreeArchive.Problem(description: "\(path) stands for a file of another name or layer")
        }
        let capability = attribute("security.capability", of: path)
        archive_entry_xattr_clear(entry)
        if let capability { keep(capability, on: entry) }
        return type == trice_s_ifdir && attribute(marks.attribute("opaque"), of: path) == Array("y".utf8)
            ? "\(path)/.wh..wh..opq" : nil
    }

    private func inside(_ id: la_int64_t) -> la_int64_t {
        guard let base = (ids?.base).map({ la_int64_t($0) }), id >= base, id < base + la_int64_t(IDMapping.count) else {
            return id
        }
        return id - base
    }

    /// Capabilities that hold in the container's user namespace (VFS_CAP_REVISION_3, linux/capability.h) are those of
    /// any that the image is run in: revision 2, without the root's id at the end.
    private func keep(_ capability: [UInt8], on entry: OpaquePointer) {
        var value = capability
        if value.count == 24 && value[3] == 3 {
            value[3] = 2
            value.removeLast(4)
        }
        archive_entry_xattr_add_entry(entry, "security.capability", value, value.count)
    }

    private func attribute(_ name: String, of path: String) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 256)
        let length = lgetxattr(path, name, &value, value.count)
        return length < 0 ? nil : Array(value[..<length])
    }
}
