// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Images
import Registry
import Supervisor

struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build the images of services.",
        discussion: """
            buildah builds; what a Dockerfile begins with is fetched as by trice image pull. Independent services are built
            side by side.

            Examples:
              trice build
              trice build --no-cache --build-arg VERSION=2 web
            """)

    @Option(help: ArgumentHelp("Set an argument of the Dockerfiles; may be repeated.", valueName: "NAME=VALUE"))
    var buildArg: [String] = []
    @Option(name: [.short, .long], help: ArgumentHelp("What a build may use of memory.", valueName: "SIZE"))
    var memory: String?
    @Flag(help: "Do every step anew.")
    var noCache = false
    @Flag(help: "Print what would be built as a bake file, and build nothing.")
    var print = false
    @Flag(help: "Fetch the images that builds begin with, also where they are there.")
    var pull = false
    @Flag(help: "Send the images to their registries afterwards.")
    var push = false
    @Flag(name: [.short, .long], help: "Show only what goes wrong, and the images' ids.")
    var quiet = false
    @Option(help: ArgumentHelp("Give builds an agent or keys: default, or ID=PATH.", valueName: "ID"))
    var ssh: [String] = []
    @Flag(help: "Also what the services depend on.")
    var withDependencies = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        let context = Context(Trice.global)
        let project = try context.project(services: services)
        let named = project.services(with: services, ignoringDependencies: !withDependencies)
        let chosen = BuildChoice.withContexts(named.filter { $0.build != nil }, in: project)
        if print {
            return Output.line(
                String(decoding: try encodeJSON(BakeFile(chosen, in: project), pretty: true), as: UTF8.self))
        }
        if chosen.isEmpty {
            Output.standardError("No services to build\n")
            return
        }
        var options = BuildOptions()
        (options.noCache, options.pull, options.memory, options.ssh, options.isQuiet) = (
            noCache, pull, memory, ssh, quiet
        )
        options.arguments = buildArg.compactMap(EnvironmentOption.resolved).map { text in
            let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return KeyValue(name: pair[0], value: pair.count > 1 ? pair[1] : "")
        }
        let built = try Builder.build(chosen, of: project, options, context)
        if quiet { for (_, id) in built { Output.line(id) } }
        guard push else { return }
        let names = try chosen.filter { !$0.image.isEmpty }.flatMap { service in
            try BuildArguments(service, service.build!, in: project, options).references().map { "\($0)" }
        }
        try Transfers(context.global, isQuiet: quiet).perform(
            TransferRequest(.push, items: names.map { TransferRequest.Item(reference: $0) }))
    }
}

enum BuildChoice {
    /// With the services that these have as contexts, and theirs.
    static func withContexts(_ services: [Service], in project: Project) -> [Service] {
        var names = Set(services.map(\.name))
        var next = services
        while let service = next.popLast() {
            for name in service.build?.contextServices ?? [] {
                guard let other = anyService(name, in: project), names.insert(name).inserted else { continue }
                next.append(other)
            }
        }
        return (project.services + project.disabledServices).filter { names.contains($0.name) }
    }

    /// A service that may be one of those that were not chosen: what it is built as can be another's context.
    static func anyService(_ name: String, in project: Project) -> Service? {
        (project.services + project.disabledServices).first { $0.name == name }
    }
}

/// What would be built, in the words of docker buildx bake.
private struct BakeFile: Encodable {
    struct Group: Encodable { let targets: [String] }
    struct Target: Encodable {
        let context: String
        let contexts: [String: String]?
        let dockerfile: String?
        let dockerfileInline: String?
        let args: [String: String]?
        let labels: [String: String]?
        let tags: [String]
        let target: String?
        let platforms: [String]?
        let noCache: Bool?
        let pull: Bool?

        enum CodingKeys: String, CodingKey {
            case context, contexts, dockerfile, args, labels, tags, target, platforms, pull
            case dockerfileInline = "dockerfile-inline"
            case noCache = "no-cache"
        }
    }

    let group: [String: Group]
    let target: [String: Target]

    init(_ services: [Service], in project: Project) throws {
        group = ["default": Group(targets: services.map(\.name))]
        var targets: [String: Target] = [:]
        for service in services {
            guard let build = service.build else { continue }
            let arguments = BuildArguments(service, build, in: project, BuildOptions())
            func map(_ pairs: [(String, String)]) -> [String: String]? {
                pairs.isEmpty ? nil : Dictionary(pairs) { $1 }
            }
            targets[service.name] = Target(
                context: build.context,
                contexts: map(
                    build.additionalContexts.map {
                        ($0.name, Build.service(ofContext: $0.value).map { "target:\($0)" } ?? $0.value)
                    }),
                dockerfile: build.dockerfileInline == nil ? build.dockerfile ?? "Dockerfile" : nil,
                dockerfileInline: build.dockerfileInline, args: map(build.args.map { ($0.name, $0.value) }),
                labels: map(build.labels.map { ($0.name, $0.value) }),
                tags: try arguments.references().map { "\($0)" }, target: build.target,
                platforms: build.platforms.isEmpty ? nil : build.platforms, noCache: build.noCache ? true : nil,
                pull: build.pull ? true : nil)
        }
        target = targets
    }
}
