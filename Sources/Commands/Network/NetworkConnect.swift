// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux
import Networking
import Runtime
import Supervisor

struct NetworkConnect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Put a container on one more network.",
        discussion: "At once where it runs, and again whenever it starts, until it is made anew or taken off.")

    @Option(help: ArgumentHelp("A further name for it there; may be repeated.", valueName: "NAME"))
    var alias: [String] = []
    @Option(help: ArgumentHelp("Its IPv4 address there.", valueName: "ADDRESS"))
    var ip: String?
    @Argument(help: ArgumentHelp("The network.", valueName: "NETWORK"), completion: .networks)
    var network: String
    @Argument(help: ArgumentHelp("The container's name or id.", valueName: "CONTAINER"))
    var container: String

    func validate() throws {
        if let ip, IPv4Address(ip) == nil { throw ValidationError("--ip \(ip): is no IPv4 address") }
    }

    func run() throws {
        let roots = Roots.fromEnvironment()
        guard try NetworkStore(roots).record(network) != nil else { throw Failure("no such network: \(network)") }
        var added = AddedNetwork(network: network)
        (added.aliases, added.address) = (alias, ip)
        try ContainerOwner.ask(.connect(container: container, added), container, roots)
    }
}

struct NetworkDisconnect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disconnect", abstract: "Take a container off a network.",
        discussion: "A network that the file gives it is there again at its next start.")

    @Argument(help: ArgumentHelp("The network.", valueName: "NETWORK"), completion: .networks)
    var network: String
    @Argument(help: ArgumentHelp("The container's name or id.", valueName: "CONTAINER"))
    var container: String

    func run() throws {
        try ContainerOwner.ask(
            .disconnect(container: container, network: network), container, Roots.fromEnvironment())
    }
}

/// The project of a container that is known by its name alone.
private enum ContainerOwner {
    static func ask(_ command: Request.Command, _ name: String, _ roots: Roots) throws {
        for paths in try ProjectPaths.all(roots) {
            let isThere = try RecordStore(paths).load().records.contains {
                $0.name == name || (name.count >= 6 && $0.id.hasPrefix(name))
            }
            guard isThere else { continue }
            let status = try SupervisorClient.perform(command, paths)
            if status != 0 { throw ExitCode(status) }
            return
        }
        throw Failure("no such container: \(name)")
    }
}
