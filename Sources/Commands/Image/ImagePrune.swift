// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Images
import Linux
import Runtime
import Supervisor

struct ImagePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove images without a name, and what interrupted pulls have left.")

    @Flag(name: [.short, .long], help: "All images that no container was made from.")
    var all = false
    @Flag(name: [.short, .long], help: "Accepted for docker's sake: trice never asks.")
    var force = false

    func run() throws {
        let roots = Roots.fromEnvironment()
        let result = try ImageStore(root: roots.root).prune(all: all, inUse: Set(try ImageUse(roots).byImage.keys))
        for line in result.lines { Output.line(line) }
        Output.line("Total reclaimed space: \(SizeText.text(result.freed))")
    }
}

/// Which images containers were made from: the name of one of them, by the image's id.
struct ImageUse {
    private(set) var byImage: [String: String] = [:]

    init(_ roots: Roots) throws {
        for record in try ProjectPaths.all(roots).flatMap({ try RecordStore($0).load().records }) {
            byImage[record.config.imageID] = record.name
            for image in record.config.mountedImages?.values.map(\.id) ?? [] { byImage[image] = record.name }
        }
    }
}
