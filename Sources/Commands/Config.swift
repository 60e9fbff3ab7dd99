// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the Compose files and print the project that they make.",
        aliases: ["convert"])

    @Option(help: ArgumentHelp("yaml or json.", valueName: "FORMAT"))
    var format: Format = .yaml
    @Flag(name: [.short, .long], help: "Only check.")
    var quiet = false
    @Flag(help: "Print the services' names.")
    var services = false
    @Flag(help: "Print the volumes' names.")
    var volumes = false
    @Flag(help: "Print the networks' names.")
    var networks = false
    @Flag(help: "Print the images' names.")
    var images = false
    @Flag(help: "Print the models' names.")
    var models = false
    @Flag(help: "Print the profiles' names.")
    var profiles = false
    @Flag(help: "Print the variables that the files can use.")
    var environment = false
    @Flag(help: "Print the variables that the files do use, with their defaults.")
    var variables = false
    @Option(
        help: ArgumentHelp(
            "Print what the containers of these services are known by: another hash makes them anew; '*' is all.",
            valueName: "SERVICE,…"))
    var hash: String?
    @Flag(
        help:
            "Print where each value was set and what it overrides; after it come key paths, such as services.web.image."
    )
    var explain = false
    @Flag(help: "Leave variables as they are.")
    var noInterpolate = false
    @Flag(help: "Leave out what is implied: names, the default network, dependencies.")
    var noNormalize = false
    @Flag(help: "Leave relative paths as they are.")
    var noPathResolution = false
    @Flag(help: "Do not check that what is referred to exists.")
    var noConsistency = false
    @Flag(help: "Do not read the services' env files.")
    var noEnvResolution = false
    @Flag(help: "Print a file for -f that pins each image to the digest that its registry has it under now.")
    var lockImageDigests = false
    @Flag(help: "Pin each image to the digest that its registry has it under now.")
    var resolveImageDigests = false
    @Option(name: [.short, .long], help: ArgumentHelp("Write to a file.", valueName: "FILE"))
    var output: String?
    @Argument(
        help: ArgumentHelp("Only these services, and what they depend on.", valueName: "SERVICE"), completion: .services
    )
    var names: [String] = []

    enum Format: String, ExpressibleByArgument, CaseIterable { case yaml, json }

    func run() throws {
        let context = Context(Trice.global)
        let text = try self.text(context)
        if quiet { return }
        if let output {
            try Effect.perform([Effect("write", .file, output)]) {
                try writeAtomically(absolutePath(output), text.utf8, mode: 0o644, durable: false)
            }
        } else {
            Output.standardOutput(text)
        }
    }

    private func text(_ context: Context) throws -> String {
        var request = context.loadRequest(services: explain ? [] : names)
        // docker compose fills nothing in for --compatibility.
        if noNormalize || Trice.global.compatibility { request.steps.remove(.normalization) }
        if noPathResolution { request.steps.remove(.pathResolution) }
        if noConsistency { request.steps.remove(.consistency) }
        if noEnvResolution { request.steps.remove(.environmentResolution) }
        if variables { return variableList(try context.loading { () throws(LoadError) in try loadVariables(request) }) }
        if explain { return try explanations(context, request) }
        if noInterpolate {
            let document = try context.loading { () throws(LoadError) in try loadUninterpolated(request) }
            if let section = try rawSection() {
                return (document[section]?.names ?? []).map { "\($0)\n" }.joined()
            }
            return format == .json ? document.json() + "\n" : document.yaml()
        }
        var project = try context.project(request)
        if Trice.global.allResources { project = project.withAllResources() }
        if lockImageDigests || resolveImageDigests {
            project = try ImageSupply(context: context, project: project).pinned()
        }
        if lockImageDigests {
            let document = project.imagesDocument
            return format == .json ? document.json() + "\n" : document.yaml()
        }
        return try text(project)
    }

    /// The section whose names are wanted of the files with no variable replaced.
    private func rawSection() throws -> String? {
        let needsValues = [
            ("images", images), ("models", models), ("profiles", profiles), ("environment", environment),
            ("hash", hash != nil),
        ]
        if let flag = needsValues.first(where: \.1)?.0 {
            throw Failure("--\(flag) needs the values of variables", hint: "leave --no-interpolate out")
        }
        return [("services", services), ("volumes", volumes), ("networks", networks)].first(where: \.1)?.0
    }

    private func text(_ project: Project) throws -> String {
        func lines(_ names: [String]) -> String { names.map { "\($0)\n" }.joined() }
        if services { return lines(project.serviceNames) }
        if volumes { return lines(project.volumeKeys) }
        if networks { return lines(project.networkKeys) }
        if images { return lines(project.images) }
        if models { return lines(project.modelNames) }
        if profiles { return lines(project.profileNames) }
        if environment { return lines(project.environmentLines) }
        if let hash { return lines(try hashes(hash, project)) }
        switch format {
        case .json: return renderJSON(project)
        case .yaml: return renderYAML(project)
        }
    }

    /// `SERVICE HASH`, a line each.
    private func hashes(_ names: String, _ project: Project) throws -> [String] {
        let wanted = names == "*" ? project.serviceNames.sorted() : names.split(separator: ",").map(String.init)
        return try wanted.map { name in
            guard let service = project.service(name) else {
                throw Failure(
                    "no such service: \(name)",
                    hint: nearestName(to: name, among: project.serviceNames).map { "did you mean '\($0)'?" })
            }
            return "\(name) \(configHash(of: service))"
        }
    }

    private func explanations(_ context: Context, _ request: LoadRequest) throws -> String {
        let found = try context.loading { () throws(LoadError) in try Compose.explain(request, at: names) }
        if found.isEmpty, let name = names.first { throw Failure("no value is set at \(name)") }
        return format == .json
            ? Document.array(found.map(\.document)).json() + "\n" : found.map(\.text).joined()
    }

    private func variableList(_ variables: [TemplateVariable]) -> String {
        if format == .json { return Document.object(variables.map { .init($0.name, $0.document) }).json() + "\n" }
        var table = Table("NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE")
        for variable in variables.sorted(by: { $0.name < $1.name }) {
            table.add(variable.name, "\(variable.isRequired)", variable.defaultValue, variable.presenceValue)
        }
        return table.text
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(help: "Only the number.")
    var short = false
    @Option(name: [.short, .long], help: ArgumentHelp("pretty or json.", valueName: "FORMAT"))
    var format: Format = .pretty

    enum Format: String, ExpressibleByArgument, CaseIterable { case pretty, json }

    func run() {
        let number = Trice.isGuise ? DockerComposeGuise.versionText : Trice.version
        if short { return Output.line(number) }
        switch format {
        case .json: Output.line("{\"version\":\"\(Trice.isGuise ? "v" : "")\(number)\"}")
        case .pretty: Output.line(Trice.isGuise ? "Docker Compose version v\(number)" : "trice version \(number)")
        }
    }
}
