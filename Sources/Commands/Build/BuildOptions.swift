// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images

/// What the command line adds to every build.
struct BuildOptions {
    /// `NAME=VALUE`, in place of the file's.
    var arguments: [KeyValue] = []
    var noCache = false
    /// Images that builds begin with are fetched, whether they are there or not.
    var pull = false
    var memory: String?
    var ssh: [String] = []
    var isQuiet = false
}

/// A service's `build` as options of buildah-build(1).
struct BuildArguments {
    private let service: Service
    private let build: Build
    private let project: Project
    private let options: BuildOptions

    /// - Precondition: the service has a `build`.
    init(_ service: Service, _ build: Build, in project: Project, _ options: BuildOptions) {
        (self.service, self.build, self.project, self.options) = (service, build, project, options)
    }

    /// What buildah cannot do, or not as the file means it.
    ///
    /// - Throws: `Failure` at the attribute's place.
    func check() throws {
        if !build.noCacheFilter.isEmpty { throw refusal("no_cache_filter", "buildah knows no stage to leave out") }
        if !build.entitlements.isEmpty { throw refusal("entitlements", "buildah knows none") }
        if build.privileged {
            throw refusal("privileged", "the steps of a build have no more rights than a container's")
        }
        if ![nil, "", "default", "chroot"].contains(build.isolation) {
            throw refusal("isolation", "builds are isolated by chroot", value: build.isolation)
        }
        if build.platforms.count > 1 { throw refusal("platforms", "one image is built at a time") }
        for (key, value) in [("provenance", build.provenance), ("sbom", build.sbom)]
        where ![nil, "", "false", "0"].contains(value) {
            throw refusal(key, "buildah makes no attestations", value: value)
        }
        if ![nil, "", "default", "host", "none"].contains(build.network) {
            throw refusal("network", "a build has the host's network or none", value: build.network)
        }
        for host in build.extraHosts where host.address == "host-gateway" {
            throw refusal("extra_hosts", "a build has the host's own network: name localhost", value: host.name)
        }
        for (key, caches) in [("cache_from", build.cacheFrom), ("cache_to", build.cacheTo)] {
            for cache in caches where BuildArguments.repository(cache) == nil {
                throw refusal(key, "a cache is a repository of a registry: type=registry,ref=NAME", value: cache)
            }
        }
        for context in build.additionalContexts
        where context.value.hasPrefix("oci-layout:") || context.value.hasPrefix("target:") {
            throw refusal(
                "additional_contexts", "a context is a directory, an address, an image or a service",
                value: context.value)
        }
        let isAddress = build.context.hasPrefix("http://") || build.context.hasPrefix("https://")
        if !build.context.hasPrefix("/") && GitReference(parsing: build.context) == nil && !isAddress {
            throw refusal(
                "context", "a context is a directory, a Git repository, or an archive's address", value: build.context)
        }
        for (index, secret) in build.secrets.enumerated() {
            guard let object = project.secrets.first(where: { $0.key == secret.source }) else { continue }
            switch object.content {
            case .file, .environment(_, value: .some): continue
            case .environment(let name, value: nil):
                throw Failure(
                    "service \(service.name): secret \(secret.source): the variable \(name) is not set",
                    at: service.place("build.secrets[\(index)]"))
            case .inline, .elsewhere:
                throw Failure(
                    "service \(service.name): secret \(secret.source) has no content that a build can be given",
                    at: service.place("build.secrets[\(index)]"))
            }
        }
    }

    private func refusal(_ key: String, _ hint: String, value: String? = nil) -> Failure {
        Failure(
            "service \(service.name): build.\(key)\(value.map { " \($0)" } ?? "") is not supported",
            at: service.place("build.\(key)"), hint: hint)
    }

    /// The repository of a cache: a name, or `type=registry,ref=NAME`.
    private static func repository(_ cache: String) -> String? {
        guard cache.contains("=") else { return (try? Reference(cache))?.name }
        let fields = Dictionary(
            cache.split(separator: ",").compactMap { field -> (String, String)? in
                let pair = field.split(separator: "=", maxSplits: 1).map(String.init)
                return pair.count == 2 ? (pair[0], pair[1]) : nil
            }, uniquingKeysWith: { $1 })
        guard fields["type"] == "registry", let reference = fields["ref"] else { return nil }
        return (try? Reference(reference))?.name
    }

    /// Arguments of the Dockerfile: the file's, then the command line's.
    var arguments: [String: String] {
        Dictionary((build.args + options.arguments).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// - Parameters:
    ///   - context: the directory to build.
    ///   - dockerfile: its file.
    ///   - secrets: files with the content of secrets that come from variables, by the secret's name.
    ///   - contexts: `additional_contexts`, as buildah knows them by now.
    ///   - idFile: where buildah says what it has built.
    func words(
        context: String, dockerfile: String, secrets: [String: String], contexts: [KeyValue], idFile: String
    ) throws -> [String] {
        // Docker's format: OCI's has no health checks.
        var words = [
            "build", "--isolation", "chroot", "--layers", "--force-rm", "--pull-never", "--format", "docker",
            "--iidfile", idFile,
            "--file", dockerfile,
        ]
        func add(_ option: String, _ values: [String]) { for value in values { words += [option, value] } }
        add("--build-arg", arguments.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        add("--label", build.labels.map { "\($0.name)=\($0.value)" })
        add("--add-host", build.extraHosts.map { "\($0.name):\($0.address)" })
        add("--ulimit", build.ulimits.map { "\($0.name)=\($0.soft):\($0.hard)" })
        add("--build-context", contexts.map { "\($0.name)=\($0.value)" })
        add("--ssh", build.ssh.map { key in key.path.map { "\(key.id)=\($0)" } ?? key.id } + options.ssh)
        add("--cache-from", build.cacheFrom.compactMap(BuildArguments.repository))
        add("--cache-to", build.cacheTo.compactMap(BuildArguments.repository))
        for secret in build.secrets {
            guard let object = project.secrets.first(where: { $0.key == secret.source }) else { continue }
            let id = secret.target ?? secret.source
            if case .file(let path) = object.content { add("--secret", ["id=\(id),src=\(path)"]) }
            if let path = secrets[secret.source] { add("--secret", ["id=\(id),src=\(path)"]) }
        }
        if build.noCache || options.noCache { words.append("--no-cache") }
        add("--target", build.target.map { [$0] } ?? [])
        add("--shm-size", build.shmSize.map { ["\($0.bytes)b"] } ?? [])
        add("--network", build.network == "none" ? ["none"] : ["host"])
        add("--platform", (build.platforms.first ?? service.platform).map { [$0] } ?? [])
        add("--memory", options.memory.map { [$0] } ?? [])
        return words + [context]
    }

    /// What the image is called.
    func references() throws -> [Reference] {
        try ([project.imageName(of: service)] + build.tags).map { try Reference($0) }
    }
}
