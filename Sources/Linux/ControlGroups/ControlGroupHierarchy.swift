// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// The host's cgroups: a v2 hierarchy, wherever it is mounted, and beside it v1 hierarchies with some or all controllers
/// (hybrid) or none. A controller belongs to one of the two. See cgroups(7).
///
/// A user without root's rights has what is below a cgroup that was delegated to it. Who may make no cgroups has a hierarchy,
/// too, in which groups exist by name alone (`absence`): they hold nobody and limit nothing.
package struct ControlGroupHierarchy: Sendable, Hashable {
    /// Where v2 is mounted, `/sys/fs/cgroup` or `/sys/fs/cgroup/unified`, or the directory of the delegated cgroup; nil where no
    /// cgroup can be made.
    package let mountPoint: String?
    /// Why no cgroup can be made; nil where they can.
    package let absence: String?
    /// The controllers that v2 has: `memory`, `io`.
    package let controllers: [String]
    package let legacy: [Legacy]
    /// What it is below; nil for the host's.
    package let delegated: DelegatedControlGroup?
    /// Whether what this process's launcher clones can be born in its cgroups.
    package let isReachable: Bool

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
        (absence, delegated, isReachable) = (nil, nil, true)
        controllers = try unified(mountPoint)
    }

    /// The hierarchy of who may make no cgroups.
    package init(absence: String) {
        (mountPoint, controllers, legacy, delegated, isReachable) = (nil, [], [], nil, true)
        self.absence = absence
    }

    /// The hierarchy of a user to whom nothing is delegated, or who cannot use it.
    package static func ofNobody(_ reason: String? = nil) -> ControlGroupHierarchy {
        ControlGroupHierarchy(
            absence: reason
                ?? "a user without root's rights has no control groups unless one is delegated to the session")
    }

    /// The hierarchy of a user below a cgroup of its own.
    package init(_ delegated: DelegatedControlGroup, isReachable: Bool = true) throws(SystemError) {
        (mountPoint, legacy, absence) = (delegated.path, [], nil)
        (self.delegated, self.isReachable) = (delegated, isReachable)
        controllers = try delegated.controllers()
    }

    /// The host's, for its root.
    package static func ofHost() throws(SystemError) -> ControlGroupHierarchy {
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

    /// Why a container's devices cannot be filtered, which takes a BPF program; nil where they can.
    package var deviceAbsence: String? {
        mountPoint != nil && delegated == nil ? nil : "a user without root's rights may not filter devices"
    }

    /// What the user can do where there are no cgroups, or where a controller is missing.
    package var remedy: String? {
        if absence != nil {
            return "take the project down if it is up, then: systemd-run --user --scope -p Delegate=yes trice up"
        }
        return delegated == nil
            ? nil
            : "as root: systemctl edit user@.service, with Delegate=cpu cpuset io memory pids in its [Service]; "
                + "it holds from the user's next session on"
    }

    /// The refusal of a limit, as it is on this host.
    func refusal(_ refusal: ControlGroupLimits.Refusal) -> ControlGroupLimits.Refusal {
        guard absence != nil || refusal.missing != nil else { return refusal }
        var refusal = refusal
        if let delegated, let missing = refusal.missing {
            refusal.reason = "control group \(delegated.path) of this user has no \(missing) controller"
        }
        refusal.reason = absence ?? refusal.reason
        refusal.hint = remedy
        return refusal
    }

    /// The v1 hierarchy of a controller.
    func legacy(_ controller: String) -> Legacy? { legacy.first { $0.controllers.contains(controller) } }

    /// The cgroup of this name, `trice/x/y`, in whichever hierarchies it is made.
    package func group(_ name: String) -> ControlGroup { ControlGroup(name: name, hierarchy: self) }
}
