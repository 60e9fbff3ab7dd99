// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Images
import Linux
import Registry
import Supervisor

struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch the images of services.",
        discussion: """
            What the store has is fetched again only where the registry has something else under its name.

            Examples:
              trice pull
              trice pull --include-deps --policy missing web
            """)

    @Flag(help: "Go on where an image cannot be fetched, and end well.")
    var ignorePullFailures = false
    @Flag(help: "Leave out what is built.")
    var ignoreBuildable = false
    @Flag(help: "Also what the services depend on.")
    var includeDeps = false
    @Flag(name: [.short, .long], help: "Show only what goes wrong.")
    var quiet = false
    @Option(help: ArgumentHelp("missing: only what is not there; always.", valueName: "POLICY"))
    var policy: PullChoice?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        let context = Context(Trice.global)
        let project = try context.project(services: services)
        let supply = ImageSupply(context: context, project: project, isQuiet: quiet)
        let store = ImageStore(root: context.roots.root)
        let chosen = try project.services(with: services, ignoringDependencies: !includeDeps).filter { service in
            if service.image.isEmpty || service.provider != nil || (ignoreBuildable && service.build != nil) {
                return false
            }
            if [.never, .build].contains(service.pullPolicy) { return false }
            return try policy != .missing || store.find(service.image) == nil
        }
        let failures = try supply.pull(chosen)
        // What can be built is no loss.
        let lost = chosen.filter { failures[$0.image] != nil && $0.build == nil }
        for service in chosen {
            guard let failure = failures[service.image] else { continue }
            Output.standardError(
                Output.render(Failure(failure.message, at: service.place("image"), hint: failure.hint)))
        }
        if !lost.isEmpty && !ignorePullFailures { throw ExitCode(1) }
    }
}

/// Values of `--pull` and `--policy`.
enum PullChoice: String, ExpressibleByArgument, CaseIterable {
    case always, missing, never, build
    var policy: PullPolicy {
        switch self {
        case .always: .always
        case .missing: .missing
        case .never: .never
        case .build: .build
        }
    }
}

struct ImagePull: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch images from registries.",
        discussion: """
            Examples:
              trice image pull redis:7
              trice image pull --platform linux/arm64 localhost:5000/api@sha256:…
            """)

    @Option(help: ArgumentHelp("Which of an index is wanted: OS/ARCH[/VARIANT].", valueName: "PLATFORM"))
    var platform: String?
    @Flag(help: "All that an index has, so that it can go on to another registry as a whole.")
    var allPlatforms = false
    @Flag(name: [.short, .long], help: "Print only the names.")
    var quiet = false
    @Argument(help: ArgumentHelp("Names, with a tag or a digest.", valueName: "IMAGE"), completion: .images)
    var images: [String]

    func run() throws {
        if let platform { _ = try Platform(parsing: platform) }
        let items = try images.map { name in
            var item = TransferRequest.Item(reference: "\(try Reference(name))", platform: platform)
            item.allPlatforms = allPlatforms
            return item
        }
        try Transfers(Trice.global, isQuiet: quiet).perform(TransferRequest(.pull, items: items)) { event in
            Output.line(event.image)
        }
    }
}
