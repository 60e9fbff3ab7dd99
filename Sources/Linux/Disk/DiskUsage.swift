// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// How many bytes of the disk a file or a tree takes, as du(1) counts them; a file with several names once, and
/// other file systems that are mounted below not at all. 0 where nothing is there.
package func diskUsage(_ path: String) throws(SystemError) -> Int64 {
    var walk = DiskWalk()
    return try diskUsage(path, at: AT_FDCWD, &walk)
}

private struct DiskWalk {
    var device: dev_t?
    var seen = Set<UInt64>()
}

private func diskUsage(_ path: String, at directory: Int32, _ walk: inout DiskWalk) throws(SystemError) -> Int64 {
    var status = stat()
    guard fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        if errno == ENOENT { return 0 }
        throw SystemError("stat", path)
    }
    if let device = walk.device, device != status.st_dev { return 0 }
    walk.device = status.st_dev
    if status.st_nlink > 1 && status.st_mode & trice_s_ifmt != trice_s_ifdir
        && !walk.seen.insert(UInt64(status.st_ino)).inserted
    {
        return 0
    }
    var sum = Int64(status.st_blocks) * 512
    guard status.st_mode & trice_s_ifmt == trice_s_ifdir else { return sum }
    let tree: Descriptor
    do throws(SystemError) {
        tree = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: directory)
    } catch {
        // It went meanwhile.
        if error.errno == ENOENT || error.errno == ENOTDIR { return 0 }
        throw error
    }
    for name in try listDirectory("/proc/self/fd/\(tree.raw)") { sum += try diskUsage(name, at: tree.raw, &walk) }
    return sum
}
