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
        let freed = try ImagePrune.prune(roots, all: all)
        if let freed { Output.line("Total reclaimed space: \(SizeText.text(freed))") }
    }

    /// - Returns: the bytes that were freed; nil where nothing was to be done but to say what would be.
    static func prune(_ roots: Roots, all: Bool) throws -> Int64? {
        let store = ImageStore(root: roots.root)
        let inUse = Set(try ImageUse(roots).byImage.keys)
        return try Effect.perform(
            store.superfluous(all: all, inUse: inUse).map { Effect("remove", .image, $0) }, otherwise: nil
        ) {
            let result = try store.prune(all: all, inUse: inUse)
            for line in result.lines { Output.line(line) }
            return result.freed
        }
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
