// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Images
import Linux
import Runtime
import Supervisor

struct SystemPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove what no stack needs: images without a name, networks, what builds have kept.",
        discussion: "Containers belong to stacks, and go with them: trice down. Named volumes stay.")

    @Flag(name: [.short, .long], help: "All images that no container was made from.")
    var all = false
    @Flag(name: [.short, .long], help: "Accepted for docker's sake: trice never asks.")
    var force = false

    func run() throws {
        let roots = Roots.fromEnvironment()
        try NetworkPrune.prune(roots, saying: "Deleted network: ")
        guard let images = try ImagePrune.prune(roots, all: all) else { return }
        let builds = try Buildah(roots).forget()
        Output.line("Total reclaimed space: \(SizeText.text(images + builds))")
    }
}
