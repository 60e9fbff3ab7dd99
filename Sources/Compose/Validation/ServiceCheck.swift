// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Checks what the keys of one service say together, which no single one can show.
struct ServiceCheck {
    let draft: ServiceDraft
    private(set) var diagnostics = Diagnostics()

    init(_ draft: ServiceDraft) {
        self.draft = draft
    }

    mutating func run() {
        checkImage()
        checkCount()
        checkLimits()
        checkBuild()
        checkTargets()
        checkReadiness()
    }

    private mutating func report(_ code: String, _ message: String, at key: String, notes: [Diagnostic.Note] = []) {
        diagnostics.add(Diagnostic(code: code, message, at: draft.node(key).place, notes: notes))
    }

    private func note(_ message: String, at key: String) -> Diagnostic.Note {
        Diagnostic.Note(message, at: draft.node(key).place)
    }

    private mutating func checkImage() {
        guard !draft.hasImage else { return }
        // Where these were given and could not be read, that has been said.
        if ["build", "provider", "extends"].contains(where: { draft.nodes[$0] != nil }) { return }
        report(
            "no-image", "service \"\(draft.service.name)\" has neither an image nor a build context specified",
            at: "image")
    }

    private mutating func checkCount() {
        let service = draft.service
        if let scale = service.scale, let replicas = service.deploy?.replicas, scale != replicas {
            reportDistinct("scale", "deploy.replicas", "\(replicas)")
        }
        if service.containerName != nil, service.replicas > 1 {
            report(
                "conflict",
                "services.\(service.name): container_name must be unique, but there are \(service.replicas) containers",
                at: "container_name",
                notes: [note("the number is given here", at: service.scale == nil ? "deploy.replicas" : "scale")])
        }
        if service.networkMode != nil, !service.networks.isEmpty {
            report(
                "conflict", "service \(service.name) declares mutually exclusive `network_mode` and `networks`",
                at: "network_mode", notes: [note("`networks` is here", at: "networks")])
        }
    }

    /// The service's own limits and those of `deploy.resources` must agree.
    private mutating func checkLimits() {
        let own = draft.service.limits
        guard let resources = draft.service.deploy?.resources else { return }
        if let ours = own.cpus, let theirs = resources.limits?.cpus, ours != theirs {
            reportDistinct("cpus", "deploy.resources.limits.cpus", goText(theirs))
        }
        if let ours = own.memory, let theirs = resources.limits?.memory, ours != theirs {
            reportDistinct("mem_limit", "deploy.resources.limits.memory", "\(theirs) bytes")
        }
        if let ours = own.memoryReservation, let theirs = resources.reservations?.memory, ours != theirs {
            reportDistinct("mem_reservation", "deploy.resources.reservations.memory", "\(theirs) bytes")
        }
        if let ours = own.pids, let theirs = resources.limits?.pids, ours != theirs {
            reportDistinct("pids_limit", "deploy.resources.limits.pids", "\(theirs)")
        }
    }

    private mutating func reportDistinct(_ key: String, _ other: String, _ value: String) {
        report(
            "conflict", "services.\(draft.service.name): can't set distinct values on '\(key)' and '\(other)'", at: key,
            notes: [note("'\(other)' is \(value) here", at: other)])
    }

    private mutating func checkBuild() {
        guard let build = draft.service.build else { return }
        if build.dockerfile != nil, build.dockerfileInline != nil {
            report(
                "conflict",
                "service \"\(draft.service.name)\" declares mutually exclusive dockerfile and dockerfile_inline",
                at: "build.dockerfile_inline", notes: [note("`dockerfile` is here", at: "build.dockerfile")])
        }
        if let platform = draft.service.platform, !build.platforms.isEmpty, !build.platforms.contains(platform) {
            report(
                "conflict",
                "services.\(draft.service.name): build.platforms must include the service's platform \"\(platform)\"",
                at: "platform", notes: [note("the image is built for these", at: "build.platforms")])
        }
    }

    /// Health has one source.
    private mutating func checkReadiness() {
        guard draft.service.trice?.ready != nil, let check = draft.service.healthcheck, !check.isDisabled else {
            return
        }
        report(
            "conflict",
            "services.\(draft.service.name): `x-trice.ready` and `healthcheck` both say when the service is healthy",
            at: "x-trice.ready", notes: [note("`healthcheck` is here", at: "healthcheck")])
    }

    /// Two things cannot be mounted at one path.
    private mutating func checkTargets() {
        var taken: [String: String] = [:]
        let paths =
            draft.service.tmpfs.enumerated().map { (Path.cleaned($1.target), "tmpfs[\($0)]") }
            + draft.service.mounts.enumerated().map { ($1.target, "volumes[\($0)]") }
        for (target, key) in paths {
            if let other = taken[target] {
                report(
                    "conflict",
                    "services.\(draft.service.name).\(key): target \(target) already mounted as services.\(draft.service.name).\(other)",
                    at: key, notes: [note("it is first mounted here", at: other)])
            } else {
                taken[target] = key
            }
        }
    }
}
