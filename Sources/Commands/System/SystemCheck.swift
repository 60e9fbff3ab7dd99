// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import CLinux
import Core
import Glibc
import Images
import Linux
import Netlink
import Networking
import Runtime
import Supervisor

struct SystemCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "List what this root has on the host, and find what leaked.",
        discussion: "Ends with 1 where something is there that no stack needs.")

    @Flag(name: [.short, .long], help: "Say only what leaked.")
    var quiet = false
    @Flag(help: "Read every blob of the images, too, and see whether it is what its name says.")
    var deep = false

    func run() throws {
        let roots = Roots.fromEnvironment()
        let survey = try HostSurvey(roots)
        if !quiet { Output.standardOutput(survey.report) }
        for leak in survey.leaks { Output.standardError("leak: \(leak)\n") }
        if !quiet { Output.standardOutput(Self.programs()) }
        let problems = try ImageStore(root: roots.root).problems(deep: deep)
        for problem in problems { Output.standardError("broken: \(problem)\n") }
        if survey.leaks.isEmpty && problems.isEmpty {
            if !quiet { Output.line("Nothing leaked.") }
        } else {
            throw ExitCode(1)
        }
    }

    /// Which of the programs that trice calls are there.
    private static func programs() -> String {
        let path = (Context.environment["PATH"] ?? "").split(separator: ":")
        return [
            ("buildah", "builds images"), ("git", "fetches what is built or included from repositories"),
            ("newuidmap", "gives a plain user's containers their ids"),
            ("slirp4netns", "connects them with other hosts"),
        ].map { name, purpose in
            let found = path.first { access("\($0)/\(name)", X_OK) == 0 }
            return "\(name): \(found.map { "\($0)/\(name)" } ?? "not installed; it \(purpose)")\n"
        }.joined()
    }
}

/// Everything that a root of trice has on the host, and what of it belongs to nothing.
struct HostSurvey {
    private(set) var leaks: [String] = []
    private var lines: [String] = []

    var report: String { lines.map { "\($0)\n" }.joined() }

    init(_ roots: Roots) throws {
        lines.append("root \(roots.root), run \(roots.run), tag \(roots.tag)")
        var running: [ContainerRecord] = []
        for paths in try ProjectPaths.all(roots) {
            let (records, unreadable) = try RecordStore(paths).load()
            let live = try RecordStore(paths).current().filter(\.isActive)
            running += live
            lines.append("project \(paths.project): \(records.count) containers, \(live.count) running")
            for id in unreadable {
                leaks.append(
                    "container \(id.prefix(12)) of project \(paths.project) is there in part: \(paths.container(id))")
            }
        }
        try lookAtProcesses(roots, running)
        try lookAtNetworks(roots, running)
        try lookAtControlGroups(roots, running)
        try lookAtMounts(roots)
        leaks += try IDRanges.ofHost().leaks(of: roots).map { "range of ids \($0)" }
    }

    private mutating func lookAtProcesses(_ roots: Roots, _ running: [ContainerRecord]) throws {
        let directory = "\(roots.run)/projects"
        guard exists(directory) else { return }
        for name in try listDirectory(directory) where !name.hasSuffix(".lock") {
            let paths = ProjectPaths(roots, project: name)
            let launcher =
                exists(paths.launcherPID)
                ? try decodeJSON(ProcessIdentity.self, from: readFile(paths.launcherPID)) : nil
            if let launcher, launcher.openPidfd() != nil {
                lines.append("launcher of \(name): pid \(launcher.pid)")
            } else if running.contains(where: { $0.config.project == name }) {
                leaks.append("project \(name) runs without a supervisor; any command on it starts one")
            } else {
                leaks.append("files of project \(name), which nobody serves: \(paths.run)")
            }
        }
    }

    private mutating func lookAtNetworks(_ roots: Roots, _ running: [ContainerRecord]) throws {
        let records = try NetworkStore(roots).list()
        let host = try NetworkHost()
        let own = records.compactMap { record in
            let parent = record.parent.flatMap { $0.origin == .host ? nil : $0.name }
            return (record.bridge ?? parent).map { (link: $0, record: record) }
        }
        let links = Dictionary(own.map { ($0.link, $0.record) }) { first, _ in first }
        let prefix = LinkName.bridgePrefix(tag: roots.tag)
        for link in try host.links(withPrefix: "") where link.name.hasPrefix(prefix) || links[link.name] != nil {
            let kind = link.kind ?? "link"
            if let network = links[link.name] {
                lines.append("\(kind) \(link.name): network \(network.name)")
            } else {
                leaks.append("\(kind) \(link.name): remove it with ip link delete \(link.name)")
            }
        }
        let bridged = Set(records.filter { $0.bridge != nil }.map(\.name))
        let attachments = running.flatMap(\.state.addresses).filter { bridged.contains($0.network) }
        let ends = try host.links(withPrefix: LinkName.vethPrefix(tag: roots.tag))
        if !ends.isEmpty { lines.append("\(ends.count) virtual links") }
        // A link goes with its container's network namespace, which the kernel takes down a moment after the container.
        for link in ends.dropFirst(attachments.count) where running.isEmpty {
            leaks.append("link \(link.name): remove it with ip link delete \(link.name)")
        }
        let firewall = Firewall(tag: roots.tag, lockPath: "\(roots.run)/firewall.lock")
        let tables = try firewall.tables()
        for family in ["inet", "bridge"] {
            let table = "\(family) \(FirewallScript(tag: roots.tag).table)"
            if !attachments.isEmpty, !tables.contains(table) {
                leaks.append(
                    "nftables table \(table) was removed by somebody: containers are not kept apart, and published ports lead nowhere; the log of the project's supervisor says why it is not made anew"
                )
            }
        }
        for table in tables where table.hasSuffix(" \(FirewallScript(tag: roots.tag).table)") {
            lines.append("nftables table \(table)")
            if bridged.isEmpty { leaks.append("nftables table \(table): remove it with nft delete table \(table)") }
        }
    }

    private mutating func lookAtControlGroups(_ roots: Roots, _ running: [ContainerRecord]) throws {
        let known = Set(running.map(\.id))
        let groups = try ProjectControlGroups.all(roots).map { $0.group("trice/\(roots.tag)") }
        for parent in Set(groups.flatMap(\.directories)).sorted() {
            for project in try directories(parent) {
                for id in try directories("\(parent)/\(project)") {
                    let path = "\(parent)/\(project)/\(id)"
                    if known.contains(id) { lines.append("cgroup \(path)") } else { leaks.append("cgroup \(path)") }
                }
            }
        }
    }

    private mutating func lookAtMounts(_ roots: Roots) throws {
        for line in try readText("/proc/self/mounts").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 1, fields[1].hasPrefix("\(roots.root)/projects/") || fields[1].hasPrefix("\(roots.run)/")
            {
                leaks.append("mount \(fields[1]): remove it with umount \(fields[1])")
            }
        }
    }

    private func directories(_ path: String) throws -> [String] {
        try listDirectory(path).filter { name in
            var status = stat()
            return lstat("\(path)/\(name)", &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ifdir
        }
    }
}
