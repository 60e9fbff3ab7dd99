// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images

/// What must happen before containers can be made from a service's image.
package enum ImageNeed: Hashable, Sendable {
    /// It is there.
    case nothing
    /// It is fetched; where that fails, the one that is there will not do.
    case pull
    /// It is fetched, and made from the service's `build` where that fails.
    case pullOrBuild
    /// It is made from the service's `build`.
    case build
    /// It is not there, and the policy lets nobody fetch it.
    case missing

    /// - Parameters:
    ///   - policy: in place of the service's own: `--pull`.
    ///   - image: the one of this name that the store has.
    ///   - now: seconds since 1970.
    package init(_ service: Service, policy: PullPolicy? = nil, image: Image?, now: UInt64) {
        let isBuilt = service.build != nil
        // Only the file's own name can be one of a registry's.
        let canPull = !service.image.isEmpty
        let pull: ImageNeed = canPull ? (isBuilt ? .pullOrBuild : .pull) : isBuilt ? .build : .missing
        func older(than seconds: UInt64) -> Bool { image.map { ($0.pulled ?? 0) + seconds <= now } ?? true }
        switch policy ?? service.pullPolicy {
        case .always: self = pull
        case .never: self = image != nil ? .nothing : isBuilt ? .build : .missing
        case .build: self = isBuilt ? .build : image != nil ? .nothing : .missing
        case .missing, .ifNotPresent: self = image != nil ? .nothing : pull
        case .daily: self = older(than: 86_400) ? pull : .nothing
        case .weekly: self = older(than: 7 * 86_400) ? pull : .nothing
        case .every(_, let span): self = older(than: span.pause / 1_000_000_000) ? pull : .nothing
        case .refresh:
            let span = service.pullRefreshAfter.flatMap { TimeSpan($0) } ?? TimeSpan.seconds(0)
            self = older(than: span.pause / 1_000_000_000) ? pull : .nothing
        case nil: self = image != nil ? .nothing : isBuilt ? .build : pull
        }
    }
}

extension Project {
    /// With a name for every image (`imageName`).
    package var withImageNames: Project {
        var project = self
        for index in project.services.indices {
            project.services[index].image = imageName(of: project.services[index])
        }
        return project
    }

    /// The services named (or all), and what they depend on.
    package func services(with names: [String], ignoringDependencies: Bool = false) -> [Service] {
        let chosen = Goals.closure(of: names, in: self, ignoringDependencies: ignoringDependencies)
        return services.filter { chosen.contains($0.name) }
    }
}
