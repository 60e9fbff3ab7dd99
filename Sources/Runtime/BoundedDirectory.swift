// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A directory whose content has a part of the disk and no more: by a project quota where its file system has them, else
/// as a file system of its own, ext4 in a sparse file beside it.
package struct BoundedDirectory {
    package let path: String
    private var image: String { "\(path).ext4" }

    package init(_ path: String) { self.path = path }

    /// The least size: what a file system of its own needs for itself.
    package static let leastBytes: Int64 = 8 << 20

    /// Why a directory could not be made.
    package enum Failure: Error, CustomStringConvertible {
        case system(SystemError)
        case mkfs(ChildProgram.Failure)
        case mkfsSaid(String)

        package var description: String {
            switch self {
            case .system(let error) where error.subject == LoopDevice.control:
                "\(error): this file system has no project quotas, so a loop device is needed: modprobe loop"
            case .system(let error): "\(error)"
            case .mkfs(.system(let error)):
                "mkfs.ext4 cannot be run: \(errnoText(error.errno)); this file system has no project quotas, so the package e2fsprogs is needed"
            case .mkfs(.timeout): "mkfs.ext4 did not end in a minute, and was killed"
            case .mkfsSaid(let text): "mkfs.ext4: \(text)"
            }
        }
    }

    /// Makes it, empty and mounted. What an attempt that was cut off has left is made anew.
    ///
    /// - Parameter bytes: what it has room for; a file system of its own takes some of it for itself.
    package func make(bytes: Int64) throws(Failure) {
        do throws(SystemError) {
            try release()
            try removeTree(image)
            try makeDirectories(path)
            if let quota = try ProjectQuota(path) { return try quota.limit(to: UInt64(bytes)) }
            let file = try Descriptor.open(image, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            try check("ftruncate", image) { ftruncate(file.raw, Int(bytes)) }
        } catch { throw .system(error) }
        try format()
        do throws(SystemError) {
            try mount()
            // What fsck finds would go there; it makes the directory again if it needs it.
            try check("rmdir", "lost+found") { rmdir("\(path)/lost+found") }
        } catch { throw .system(error) }
    }

    private func format() throws(Failure) {
        let outcome: ChildProgram.Outcome
        do {
            // No blocks are kept for root, and the tables are written when they are used.
            outcome = try ChildProgram.run(
                ["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", image],
                environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"],
                seconds: 60)
        } catch { throw .mkfs(error) }
        guard outcome.status == .exited(0) else {
            let output = String(decoding: outcome.output, as: UTF8.self)
            throw .mkfsSaid(output.split(separator: "\n").last.map(String.init) ?? "\(outcome.status)")
        }
    }

    /// Mounts the file system that it is, where it is one and not mounted, as after a boot.
    package func mount() throws(SystemError) {
        guard exists(image), try !isMountPoint(path) else { return }
        let loop = try LoopDevice(file: image)
        defer { withExtendedLifetime(loop) {} }
        try check("mount", path) { Glibc.mount(loop.path, path, "ext4", MountFlag.noDevices, nil) }
    }

    /// Takes its mount off the host, if it has one. Who has it open keeps it.
    package func unmount() throws(SystemError) {
        if exists(image) && umount2(path, Int32(MNT_DETACH)) != 0 && errno != EINVAL {
            throw SystemError("umount", path)
        }
    }

    /// Forgets mount and limit. Its files are the caller's to remove. One that is not there is no error.
    package func release() throws(SystemError) {
        guard exists(path) else { return }
        try unmount()
        try ProjectQuota(path)?.forget()
    }
}
