// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core

struct NetworkGraphCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Show which services of the project share which networks, and what is published.")

    @Option(help: ArgumentHelp("text, dot (Graphviz) or mermaid.", valueName: "FORMAT"))
    var format: Format = .text

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, dot, mermaid }

    func run() throws {
        let graph = NetworkGraph(try Context(Trice.global).project())
        switch format {
        case .text: Output.standardOutput(graph.text)
        case .dot: Output.standardOutput(graph.dot)
        case .mermaid: Output.standardOutput(graph.mermaid)
        }
    }
}

/// Services, networks and published ports of a project as a picture. Pure.
struct NetworkGraph {
    private let project: Project

    init(_ project: Project) { self.project = project }

    /// A network a block: who is on it, under which further names, and what is published.
    var text: String {
        var text = ""
        for network in project.networks {
            let kind = network.isExternal ? " (external)" : network.isInternal ? " (internal)" : ""
            text += "\(network.name)\(kind)\n"
            let members = project.services.filter { $0.networks.contains { $0.network == network.key } }
            for (index, service) in members.enumerated() {
                let aliases = service.networks.first { $0.network == network.key }?.aliases ?? []
                let also = aliases.isEmpty ? "" : " also \(aliases.joined(separator: ", "))"
                let branch = index == members.count - 1 ? "└─" : "├─"
                let ports = service.ports.map(NetworkGraph.port)
                text +=
                    "\(branch) \(service.name)\(also)\(ports.isEmpty ? "" : "  ⇐ \(ports.joined(separator: ", "))")\n"
            }
        }
        for service in project.services where service.networks.isEmpty {
            text += "\(service.name): \(service.networkMode?.text ?? "no network")\n"
        }
        return text
    }

    /// Graphviz's language.
    var dot: String {
        var lines = ["graph \(quoted(project.name)) {"]
        for network in project.networks {
            lines.append("  \(quoted("network " + network.key)) [label=\(quoted(network.name)), shape=ellipse];")
        }
        for service in project.services {
            lines.append("  \(quoted(service.name)) [shape=box];")
            for attachment in service.networks {
                lines.append("  \(quoted(service.name)) -- \(quoted("network " + attachment.network));")
            }
            for port in service.ports {
                let name = NetworkGraph.port(port)
                lines.append("  \(quoted("port " + name)) [label=\(quoted(name)), shape=plaintext];")
                lines.append("  \(quoted("port " + name)) -- \(quoted(service.name));")
            }
        }
        return (lines + ["}", ""]).joined(separator: "\n")
    }

    /// Mermaid's language.
    var mermaid: String {
        var lines = ["graph LR"]
        for (index, network) in project.networks.enumerated() { lines.append("  n\(index)([\(quoted(network.name))])") }
        for (index, service) in project.services.enumerated() {
            lines.append("  s\(index)[\(quoted(service.name))]")
            for attachment in service.networks {
                if let network = project.networks.firstIndex(where: { $0.key == attachment.network }) {
                    lines.append("  s\(index) --- n\(network)")
                }
            }
            for (number, port) in service.ports.enumerated() {
                lines.append("  p\(index)_\(number)>\(quoted(NetworkGraph.port(port)))] --> s\(index)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `0.0.0.0:8080→80/tcp`
    private static func port(_ port: PortMapping) -> String {
        let host = [port.hostIP, port.isEphemeral ? nil : port.published?.description].compactMap { $0 }.filter {
            !$0.isEmpty
        }.joined(separator: ":")
        return "\(host.isEmpty ? "any" : host)→\(port.target)/\(port.protocol.rawValue)"
    }

    private func quoted(_ text: String) -> String { Document.string(text).json(indent: false) }
}
