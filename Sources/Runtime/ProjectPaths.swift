// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// Where a project's files are.
package struct ProjectPaths: Hashable, Sendable {
    package let roots: Roots
    package let project: String

    package init(_ roots: Roots, project: String) { (self.roots, self.project) = (roots, project) }

    /// What lasts: records, upper layers, logs.
    package var state: String { "\(roots.root)/projects/\(project)" }
    package var desired: String { "\(state)/desired.json" }
    package var containers: String { "\(state)/containers" }
    package var events: String { "\(state)/events" }

    package func container(_ id: String) -> String { "\(containers)/\(id)" }
    /// What the container writes, where that has a limit.
    package func disk(_ id: String) -> String { "\(container(id))/disk" }
    package func log(_ id: String) -> String { "\(container(id))/log" }

    /// What goes with the machine's run: the supervisor's socket, the containers' pipes.
    package var run: String { "\(roots.run)/projects/\(project)" }
    package var socket: String { "\(run)/api.sock" }
    /// The socket while its supervisor is about to end.
    package var leavingSocket: String { "\(socket).leaving" }
    package var supervisorPID: String { "\(run)/supervisor.pid" }
    /// A supervisor has it as long as it lives.
    package var supervisorLock: String { "\(run)/supervisor.lock" }
    package var launcherPID: String { "\(run)/launcher.pid" }
    package var supervisorLog: String { "\(run)/supervisor.log" }
    /// Held while a supervisor is started or ends. Not inside `run`, which comes and goes.
    package var startLock: String { "\(roots.run)/projects/\(project).lock" }
    /// Which cgroup the project's are below, where that is not the host's own (a user's, without root's rights).
    package var controlGroup: String { "\(run)/cgroup" }
    package func pipes(_ id: String) -> String { "\(run)/\(id.prefix(12))" }

    package func cgroup(_ id: String, in hierarchy: ControlGroupHierarchy) -> ControlGroup {
        hierarchy.group("trice/\(roots.tag)/\(project)/\(id)")
    }

    package func cgroupParent(in hierarchy: ControlGroupHierarchy) -> ControlGroup {
        hierarchy.group("trice/\(roots.tag)/\(project)")
    }

    /// Removes the project's cgroups. The root's own directory goes with its last project; another project in it keeps it.
    package func removeControlGroups(in hierarchy: ControlGroupHierarchy) throws(SystemError) {
        try cgroupParent(in: hierarchy).remove()
        hierarchy.group("trice/\(roots.tag)").removeIfEmpty()
        hierarchy.group("trice").removeIfEmpty()
    }
}

extension ProjectPaths {
    /// Every project that has something on disk.
    package static func all(_ roots: Roots) throws -> [ProjectPaths] {
        let directory = "\(roots.root)/projects"
        guard exists(directory) else { return [] }
        return try listDirectory(directory).map { ProjectPaths(roots, project: $0) }
    }
}
