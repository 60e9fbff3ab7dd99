// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Runtime

/// Which cgroups a project has. As root, those of the host; as a user without root's rights those below the cgroup that was
/// delegated to the session which started the project's launcher, for as long as the project has a supervisor.
package enum ProjectControlGroups {
    /// What a launcher writes down for its supervisors and for commands.
    private struct Place: Codable {
        /// The delegated cgroup; nil where there is none.
        var path: String?
        /// Why there is none, where that is not for want of one.
        var reason: String?
        /// Whether the launcher lives in it, and what it clones can be born there.
        var isReachable = true
    }

    /// Those that a project has, or would get from this process.
    package static func of(_ paths: ProjectPaths) throws -> ControlGroupHierarchy {
        guard try !isInHostUserNamespace() else { return try .ofHost() }
        if let place = try recorded(paths) { return try hierarchy(place) }
        return try hierarchy(Place(path: DelegatedControlGroup.ofThisProcess()?.path))
    }

    /// Those in which anything of a root may be.
    package static func all(_ roots: Roots) throws -> [ControlGroupHierarchy] {
        guard try !isInHostUserNamespace() else { return [try .ofHost()] }
        let directory = "\(roots.run)/projects"
        let names = exists(directory) ? try listDirectory(directory).filter { !$0.hasSuffix(".lock") } : []
        let places = try names.compactMap { try recorded(ProjectPaths(roots, project: $0)) }
        return try (places + [Place(path: DelegatedControlGroup.ofThisProcess()?.path)]).map(hierarchy)
    }

    private static func recorded(_ paths: ProjectPaths) throws -> Place? {
        do { return try decodeJSON(Place.self, from: readFile(paths.controlGroup)) } catch let error as SystemError
            where error.errno == ENOENT
        { return nil }
    }

    private static func hierarchy(_ place: Place) throws(SystemError) -> ControlGroupHierarchy {
        guard let path = place.path, exists(path) else { return .ofNobody(place.reason) }
        return try ControlGroupHierarchy(DelegatedControlGroup(path), isReachable: place.isReachable)
    }

    /// Takes the cgroup that this process, a launcher, lives in for the project; where containers of the project run in another
    /// one, that stays the project's.
    static func settle(_ paths: ProjectPaths) throws {
        guard try !isInHostUserNamespace() else { return }
        let own = try DelegatedControlGroup.ofThisProcess()
        var place = Place(path: own?.path)
        if let before = try recorded(paths)?.path, before != own?.path, exists(before) {
            let group = paths.cgroupParent(in: try hierarchy(Place(path: before)))
            if try !group.directories.isEmpty && group.populated() {
                place = Place(path: before, isReachable: false)
            } else {
                try release(paths)
            }
        }
        if let own, place.isReachable {
            do throws(SystemError) {
                let lock = try own.lock()
                defer { withExtendedLifetime(lock) {} }
                try own.vacate()
                // Nobody gives it back while that is there.
                _ = try paths.cgroupParent(in: ControlGroupHierarchy(own)).create()
            } catch {
                place = Place(reason: "control group \(own.path) cannot be used: \(error)")
                log("\(place.reason ?? "")")
            }
        }
        try writeAtomically(paths.controlGroup, encodeJSON(place), durable: false)
    }

    /// Takes away what the project has left in a delegated cgroup, and gives that back where no other project is in it.
    static func release(_ paths: ProjectPaths) throws {
        guard let place = try recorded(paths), let path = place.path, exists(path) else { return }
        let delegated = DelegatedControlGroup(path)
        let lock = try delegated.lock()
        defer { withExtendedLifetime(lock) {} }
        try paths.removeControlGroups(in: hierarchy(place))
        // Where somebody else has made groups among the processes, all stays as it works.
        do throws(SystemError) { try delegated.restore() } catch {
            log("control group \(path) is not as it was: \(error)")
        }
    }
}
