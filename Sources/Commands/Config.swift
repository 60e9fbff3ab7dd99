// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the Compose files and print the project that they make.", aliases: ["convert"])

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
    @Flag(help: "Print the profiles' names.")
    var profiles = false
    @Flag(help: "Print the variables that the files can use.")
    var environment = false
    @Option(name: [.short, .long], help: ArgumentHelp("Write to a file.", valueName: "FILE"))
    var output: String?
    @Argument(help: ArgumentHelp("Only these services, and what they depend on.", valueName: "SERVICE"))
    var names: [String] = []

    enum Format: String, ExpressibleByArgument, CaseIterable { case yaml, json }

    func run() throws {
        let project = try Context(Trice.global).project(services: names)
        if quiet { return }
        let text = self.text(project)
        if let output {
            try writeAtomically(absolutePath(output), text.utf8, mode: 0o644, durable: false)
        } else {
            Output.standardOutput(text)
        }
    }

    private func text(_ project: Project) -> String {
        func lines(_ names: [String]) -> String { names.map { "\($0)\n" }.joined() }
        if services { return lines(project.serviceNames) }
        if volumes { return lines(project.volumeKeys) }
        if networks { return lines(project.networkKeys) }
        if images { return lines(project.images) }
        if profiles { return lines(project.profileNames) }
        if environment { return lines(project.environmentLines) }
        switch format {
        case .json: return renderJSON(project)
        case .yaml: return renderYAML(project)
        }
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
        if short { return Output.line(Trice.version) }
        Output.line(format == .json ? "{\"version\":\"\(Trice.version)\"}" : "trice version \(Trice.version)")
    }
}
