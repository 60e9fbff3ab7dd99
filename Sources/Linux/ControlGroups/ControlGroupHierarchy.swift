// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// The host's cgroups: a v2 hierarchy, wherever it is mounted, and beside it v1 hierarchies with some or all controllers
/// (hybrid) or none. A controller belongs to one of the two. See cgroups(7).
///
/// Who may make no cgroups has a hierarchy, too, in which groups exist by name alone (`absence`): they hold nobody and limit
/// nothing.
package struct ControlGroupHierarchy: Sendable, Hashable {
    /// Where v2 is mounted: `/sys/fs/cgroup` or `/sys/fs/cgroup/unified`; nil where no cgroup can be made.
    package let mountPoint: String?
    /// Why no cgroup can be made; nil where they can.
    package let absence: String?
    /// The controllers that v2 has: `memory`, `io`.
    package let controllers: [String]
    package let legacy: [Legacy]

    /// A v1 hierarchy.
    package struct Legacy: Sendable, Hashable {
        package let mountPoint: String
        /// Those that share it, as its mount options name them: `cpu`, `cpuacct`.
        package let controllers: [String]
    }

    package enum Version: Sendable, Hashable { case v1, v2 }

    /// - Parameters:
    ///   - mounts: the text of `/proc/self/mounts`.
    ///   - known: all controllers of this kernel, to tell them from other mount options.
    ///   - unified: the controllers of the v2 hierarchy at a mount point.
    /// - Throws: ENOENT where the host has no cgroup v2 hierarchy mounted.
    package init(
        mounts: String, known: [String], unified: (String) throws(SystemError) -> [String]
    ) throws(SystemError) {
        var mountPoint: String?
        var legacy: [Legacy] = []
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count > 3 else { continue }
            if fields[2] == "cgroup2" { mountPoint = mountPoint ?? fields[1] }
            guard fields[2] == "cgroup" else { continue }
            let controllers = fields[3].split(separator: ",").map(String.init).filter { known.contains($0) }
            if !controllers.isEmpty && !legacy.contains(where: { $0.controllers == controllers }) {
                legacy.append(Legacy(mountPoint: fields[1], controllers: controllers))
            }
        }
        guard let mountPoint else { throw SystemError("cgroup2", "/proc/self/mounts", errno: ENOENT) }
        self.mountPoint = mountPoint
        self.legacy = legacy
        absence = nil
        controllers = try unified(mountPoint)
    }

    /// The hierarchy of who may make no cgroups.
    package init(absence: String) {
        (mountPoint, controllers, legacy) = (nil, [], [])
        self.absence = absence
    }

    /// What this process has of the host's: all of it, unless it is in a user namespace, where none is its own.
    package static func ofHost() throws(SystemError) -> ControlGroupHierarchy {
        if try !isInHostUserNamespace() {
            return ControlGroupHierarchy(absence: "a user without root's rights has no control groups on this host")
        }
        // The header of /proc/cgroups begins with #.
        let known = try readText("/proc/cgroups").split(separator: "\n").compactMap { line in
            line.hasPrefix("#") ? nil : line.split(separator: "\t").first.map(String.init)
        }
        return try ControlGroupHierarchy(mounts: readText("/proc/self/mounts"), known: known) {
            mountPoint throws(SystemError) in
            try readText("\(mountPoint)/cgroup.controllers").split { $0.isWhitespace }.map(String.init)
        }
    }

    /// Which kind of hierarchy has a controller; nil where the host has it in none.
    package func version(of controller: String) -> Version? {
        if controllers.contains(controller) { return .v2 }
        return legacy.contains { $0.controllers.contains(controller) } ? .v1 : nil
    }

    /// The v1 hierarchy of a controller.
    func legacy(_ controller: String) -> Legacy? { legacy.first { $0.controllers.contains(controller) } }

    /// The cgroup of this name, `trice/x/y`, in whichever hierarchies it is made.
    package func group(_ name: String) -> ControlGroup { ControlGroup(name: name, hierarchy: self) }
}
