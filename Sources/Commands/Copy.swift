// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import CLinux
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime
import Supervisor

struct Copy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy files between a service's container and the host.",
        usage: "trice cp [OPTIONS] SERVICE:SRC DEST|-\n       trice cp [OPTIONS] SRC|- SERVICE:DEST",
        discussion: """
            A directory that is there takes the copy in under its own name; SRC/. copies what is in a directory. - is a tar \
            archive on standard output or input. Works with containers that have ended, too.
            """)

    @Flag(name: [.short, .long], help: "Keep user and group ids.")
    var archive = false
    @Flag(name: [.customShort("L"), .long], help: "Follow a symbolic link that SRC is.")
    var followLink = false
    @Option(
        help: ArgumentHelp(
            "Only the replica with this number; without it, files go into all of them, and come from the first.",
            valueName: "NUMBER"))
    var index: Int?
    @Flag(help: "Into containers of run, too.")
    var all = false
    @Argument(help: ArgumentHelp("What to copy.", valueName: "SRC"))
    var source: String
    @Argument(help: ArgumentHelp("Where to.", valueName: "DEST"))
    var destination: String

    func run() throws {
        let from = Place(source), to = Place(destination)
        switch (from.service, to.service) {
        case (let service?, nil):
            try copy(service) { pipe in
                try TreeArchive.pack(from.pathInContainer, to: pipe, followsLink: followLink)
            } host: { pipe in
                if destination == "-" { return try Copy.relay(pipe, Descriptor(try check("dup") { dup(1) })) }
                try TreeArchive.unpack(pipe, to: to.path, keepsOwners: archive)
            }
        case (nil, let service?):
            var status = stat()
            if source != "-" { try check("open", source) { lstat(source, &status) } }
            try copy(service, intoContainer: true) { pipe in
                try TreeArchive.unpack(pipe, to: to.pathInContainer, keepsOwners: archive)
            } host: { [place = from.fromAnywhere] pipe in
                if source == "-" { return try Copy.relay(Descriptor(try check("dup") { dup(0) }), pipe) }
                try TreeArchive.pack(place, to: pipe, followsLink: followLink)
            }
        case (_?, _?): throw Failure("copying from one container to another is not supported")
        case (nil, nil): throw Failure("one of the two must be SERVICE:PATH")
        }
    }

    /// `SERVICE:PATH`, or a path of the host: what has a slash before its colon is none of a container.
    private struct Place {
        let service: String?
        let path: String

        init(_ text: String) {
            let colon = text.firstIndex(of: ":")
            if let colon, !text[..<colon].contains("/"), text[..<colon] != ".", colon != text.startIndex {
                service = String(text[..<colon])
                path = String(text[text.index(after: colon)...])
            } else {
                (service, path) = (nil, text)
            }
        }

        /// The same from wherever the process stands; `DIR/.` stays `DIR/.`.
        var fromAnywhere: String { path.hasPrefix("/") ? path : "\(absolutePath("."))/\(path)" }

        var pathInContainer: String { path.hasPrefix("/") ? path : "/\(path)" }
    }

    /// Runs one end in a child that has entered the container's file system, the other one here.
    private func copy(
        _ service: String, intoContainer: Bool = false, container: (Descriptor) throws -> Void,
        host: (Descriptor) throws -> Void
    ) throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let records = try RecordStore(paths).chosen([service], context).filter { record in
            record.state.reconciled.isOneOff ? all && intoContainer : index == nil || record.config.number == index
        }
        guard !records.isEmpty else {
            throw Failure(
                index.map { "service \"\(service)\" has no container with index \($0)" }
                    ?? "service \"\(service)\" has no container")
        }
        if intoContainer && source == "-" && records.count > 1 {
            throw Failure(
                "standard input can be copied into one container only, and service \"\(service)\" has \(records.count)",
                hint: "choose one with --index")
        }
        for record in intoContainer ? records[...] : records.prefix(1) {
            let inside = "\(record.name):\((intoContainer ? destination : source).dropFirst(service.count + 1))"
            let effect =
                intoContainer
                ? Effect("copy", .file, source, "to \(inside)") : Effect("copy", .file, inside, "to \(destination)")
            try Effect.perform([effect]) {
                try copy(record, paths, intoContainer: intoContainer, container: container, host: host)
            }
        }
    }

    private func copy(
        _ record: ContainerRecord, _ paths: ProjectPaths, intoContainer: Bool, container: (Descriptor) throws -> Void,
        host: (Descriptor) throws -> Void
    ) throws {
        let pipe = try Descriptor.pipe()
        signal(SIGPIPE, SIG_IGN)
        let child = try check("fork") { trice_fork() }
        if child == 0 {
            do {
                (intoContainer ? pipe.write : pipe.read).close()
                try ContainerFiles.enter(record, paths)
                try container(intoContainer ? pipe.read : pipe.write)
                _exit(0)
            } catch {
                Output.standardError("error: \(record.config.service): \((error as? Failure)?.message ?? "\(error)")\n")
                _exit(1)
            }
        }
        (intoContainer ? pipe.read : pipe.write).close()
        var failure: (any Error)?
        do { try host(intoContainer ? pipe.write : pipe.read) } catch { failure = error }
        (intoContainer ? pipe.write : pipe.read).close()
        // The child has said why.
        if try exitStatus(ofChild: child) != .exited(0) { throw ExitCode(1) }
        if let failure { throw failure as? Failure ?? Failure("\(failure)") }
    }

    private static func relay(_ source: Descriptor, _ target: Descriptor) throws {
        while true {
            let bytes = try source.read(upTo: 1 << 16)
            if bytes.isEmpty { return }
            try target.writeAll(bytes)
        }
    }
}
