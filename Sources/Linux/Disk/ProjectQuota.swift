// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// A directory's project quota: how much all that is in it may take of its file system, quotactl(2). ext4 and xfs have it,
/// where they are mounted with `prjquota`.
package struct ProjectQuota {
    private let directory: Descriptor

    /// Nil where the file system does not enforce such limits.
    package init?(_ path: String) throws(SystemError) {
        directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        if trice_project_quota_enforced(directory.raw) != 1 { return nil }
    }

    /// Limits an empty directory: it becomes a project of its own.
    ///
    /// - Parameter bytes: in steps of 1024.
    package func limit(to bytes: UInt64) throws(SystemError) {
        let project = try freeProject()
        try check("quotactl", "project \(project)") { trice_set_project_quota(directory.raw, project, bytes) }
        try check("ioctl FS_IOC_FSSETXATTR") { trice_set_project(directory.raw, project) }
    }

    /// The numbers that are given here: neither projid(5)'s hand-made ones nor other tools' small ones reach them.
    private static let projects: Range<UInt32> = 0x7400_0000..<0x7500_0000

    /// Forgets the limit, before the directory goes. One that is not from here, such as that of a project which the
    /// directory is only a part of, stays.
    package func forget() throws(SystemError) {
        var project: UInt32 = 0
        try check("ioctl FS_IOC_FSGETXATTR") { trice_project(directory.raw, &project) }
        guard ProjectQuota.projects.contains(project) else { return }
        try check("quotactl", "project \(project)") { trice_set_project_quota(directory.raw, project, 0) }
    }

    /// A number without limit or files. The directory's own inode number is where to begin, so that two who choose at once
    /// choose apart.
    private func freeProject() throws(SystemError) -> UInt32 {
        var status = stat()
        try check("fstat") { fstat(directory.raw, &status) }
        let count = UInt32(ProjectQuota.projects.count)
        for step in 0..<count {
            let project =
                ProjectQuota.projects.lowerBound + (UInt32(truncatingIfNeeded: status.st_ino) &+ step) % count
            var limit: UInt64 = 0, used: UInt64 = 0
            if trice_project_quota(directory.raw, project, &limit, &used) != 0 {
                // Nobody has ever had it.
                if errno == ESRCH || errno == ENOENT { return project }
                throw SystemError("quotactl", "project \(project)")
            }
            if limit == 0 && used == 0 { return project }
        }
        throw SystemError("allocate", "a project for a quota", errno: EDQUOT)
    }
}
