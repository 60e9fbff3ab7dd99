// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// Which services are on: by profiles, and by name (Compose Specification, 15-profiles.md).
enum ServiceSelection {
    /// The profiles that the options or the environment activate.
    static func profiles(_ request: LoadRequest, environment: [String: String]) -> [String] {
        guard request.profiles.isEmpty else { return request.profiles }
        return (environment["COMPOSE_PROFILES"] ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
    }

    /// Splits the services into those with an active profile and the others. Naming a service activates its profiles.
    static func split(
        _ services: [ServiceDraft], profiles: inout [String], named: [String]
    ) -> (enabled: [ServiceDraft], disabled: [ServiceDraft]) {
        for draft in services where named.contains(draft.service.name) {
            for profile in draft.service.profiles where !profiles.contains(profile) { profiles.append(profile) }
        }
        let active = Set(profiles)
        var result: (enabled: [ServiceDraft], disabled: [ServiceDraft]) = ([], [])
        for draft in services {
            let own = draft.service.profiles
            if own.isEmpty || active.contains("*") || own.contains(where: active.contains) {
                result.enabled.append(draft)
            } else {
                result.disabled.append(draft)
            }
        }
        return result
    }

    static func noSuchService(_ name: String, among names: [String]) -> LoadError {
        .single(
            "no-such-service", "no such service: \(name)",
            hint: nearestName(to: name, among: names).map { "did you mean '\($0)'?" })
    }

    /// Keeps the named services and what they depend on; the others go to the disabled ones.
    static func select(_ request: LoadRequest, in project: inout Project) throws(LoadError) {
        guard !request.services.isEmpty else { return }
        let byName = Dictionary(project.services.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
        var wanted: Set<String> = []
        var pending: [String] = []
        for name in request.services {
            guard byName[name] != nil else {
                throw noSuchService(name, among: project.services.map(\.name))
            }
            pending.append(name)
        }
        while let name = pending.popLast() {
            guard let service = byName[name], wanted.insert(name).inserted else { continue }
            if !request.withoutDependencies { pending += service.dependencies.map(\.service) }
        }
        project.disabledServices += project.services.filter { !wanted.contains($0.name) }
        project.services = project.services.filter { wanted.contains($0.name) }
    }
}
