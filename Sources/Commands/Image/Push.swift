// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Images
import Registry
import Supervisor

struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send the images that services are built as to their registries.",
        discussion: "As docker compose, it leaves out services without build, and those without an image's name.")

    @Flag(help: "Go on where an image cannot be sent, and end well.")
    var ignorePushFailures = false
    @Flag(help: "Also what the services depend on.")
    var includeDeps = false
    @Flag(name: [.short, .long], help: "Show only what goes wrong.")
    var quiet = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        let context = Context(Trice.global)
        let project = try context.project(services: services)
        let chosen = project.services(with: services, ignoringDependencies: !includeDeps).filter {
            $0.build != nil && !$0.image.isEmpty
        }
        let names = chosen.flatMap { [$0.image] + ($0.build?.tags ?? []) }
        let items = Set(names).sorted().map { TransferRequest.Item(reference: $0) }
        let failures = try Transfers(context.global, isQuiet: quiet).run(TransferRequest(.push, items: items))
        for service in chosen {
            for name in [service.image] + (service.build?.tags ?? []) {
                guard let failure = failures[name] else { continue }
                Output.standardError(
                    Output.render(Failure(failure.message, at: service.place("image"), hint: failure.hint)))
            }
        }
        if !failures.isEmpty && !ignorePushFailures { throw ExitCode(1) }
    }
}

struct ImagePush: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send images to registries.",
        discussion: """
            Layers that the registry has are not sent again.

            Example:
              trice image tag api localhost:5000/api:1.2 && trice image push localhost:5000/api:1.2
            """)

    @Flag(help: "The whole index that the image came with, with all its platforms.")
    var allPlatforms = false
    @Flag(name: [.short, .long], help: "Show only what goes wrong.")
    var quiet = false
    @Argument(help: ArgumentHelp("Names, with a tag.", valueName: "IMAGE"), completion: .images)
    var images: [String]

    func run() throws {
        let items = try images.map { name in
            var item = TransferRequest.Item(reference: "\(try Reference(name))")
            item.allPlatforms = allPlatforms
            return item
        }
        try Transfers(Trice.global, isQuiet: quiet).perform(TransferRequest(.push, items: items)) { event in
            if let digest = event.digest { Output.line("\(event.image) \(digest)") }
        }
    }
}
