// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Images
import Linux
import Registry

struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Send the stack's files to a registry, from where -f oci://NAME brings it up.",
        discussion: """
            The files become one, with their variables left as they are, and with the files of env_file. The images of \
            services that are built are sent, too; what else stands in files of this host is not. With --app every image \
            that is named is copied to where the application is, whatever registry it comes from.

            EXAMPLES
              trice publish localhost:5000/shop:1.2
              trice publish --app localhost:5000/shop:1.2
              trice publish --with-env --resolve-image-digests --yes localhost:5000/shop:1.2
              trice -f oci://localhost:5000/shop:1.2 up
            """)

    @Option(
        help: ArgumentHelp(
            "1.1, or 1.0 for registries that know no artifact types; else what it takes.", valueName: "VERSION"))
    var ociVersion: Version?
    @Flag(help: "Copy all images into the application's repository, and pin them to their digests.")
    var app = false
    @Flag(help: "Pin each image to the digest that its registry has it under now.")
    var resolveImageDigests = false
    @Flag(help: "Send the values of environment, and the files of env_file.")
    var withEnv = false
    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false
    @Argument(help: ArgumentHelp("HOST/NAME:TAG.", valueName: "NAME"))
    var name: String

    enum Version: String, ExpressibleByArgument, CaseIterable { case v1_0 = "1.0", v1_1 = "1.1" }

    func run() throws {
        let context = Context(Trice.global)
        var request = context.loadRequest()
        request.profiles = ["*"]
        request.steps.remove(.environmentResolution)
        let project = try context.project(request)
        try check(project)
        guard try isAgreed(project) else { throw ExitCode(1) }
        request.steps.subtract([.normalization, .pathResolution])
        let document = try context.loading { () throws(LoadError) in try loadUninterpolated(request) }
        var files = try ApplicationFiles(document, project)
        // A registry has digests for what it has.
        try sendImages(of: project, context)
        var sent = project
        // In a dry run nothing was sent that would have a digest now.
        if (resolveImageDigests || app) && Trice.dryRun == nil {
            sent = try ImageSupply(context: context, project: project).pinned()
            files.pin(sent)
        }
        try send(files, images: app ? sent.services.filter { !$0.image.isEmpty } : [])
    }

    /// - Throws: `Failure` at the place of what cannot be sent.
    private func check(_ project: Project) throws(Failure) {
        let reference: Reference
        do { reference = try Reference(name) } catch { throw Failure("\(error)") }
        guard reference.digest == nil else {
            throw Failure("\(name): an application is sent under a tag, not a digest")
        }
        for service in project.services {
            if service.build != nil && service.image.isEmpty {
                throw Failure(
                    "service \(service.name) has no image, and others cannot build it", at: service.place("build"),
                    hint: "give it an image's name, under which what is built is sent")
            }
            if withEnv { continue }
            for (key, isThere) in [
                ("env_file", !service.environmentFiles.isEmpty), ("environment", !service.environment.isEmpty),
            ] where isThere {
                throw Failure(
                    "service \(service.name) has values in its \(key), which may be secret", at: service.place(key),
                    hint: "send them with --with-env")
            }
        }
    }

    /// Asks, where what is sent would mean something else elsewhere, or tell more than it should.
    private func isAgreed(_ project: Project) throws -> Bool {
        var concerns: [String] = []
        for service in project.services {
            for (index, mount) in service.mounts.enumerated() {
                guard case .bind(let bind) = mount else { continue }
                concerns.append("\(service.place("volumes[\(index)]")): \(bind.source) of this host is named, not sent")
            }
            for variable in service.environment {
                concerns.append(
                    "\(service.place("environment.\(variable.name)")): the value of \(variable.name) is sent")
            }
            for file in service.environmentFiles {
                concerns.append("\(service.place("env_file")): \(file.path) is sent")
            }
        }
        for object in project.configs + project.secrets {
            guard case .file(let path) = object.content else { continue }
            concerns.append("\(object.location): \(path) of this host is named, not sent")
        }
        if concerns.isEmpty || yes { return true }
        Output.standardError(concerns.map { "\($0)\n" }.joined())
        guard isatty(0) == 1 else {
            throw Failure("there is no terminal to ask on whether this is meant", hint: "say --yes")
        }
        Output.standardError("Publish it? [y/N] ")
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    /// The images of what is built. One that cannot be sent may be there already: that is said, and no more.
    private func sendImages(of project: Project, _ context: Context) throws {
        let names = Set(project.services.filter { $0.build != nil }.map(\.image)).sorted()
        let failures = try Transfers(context.global).run(
            TransferRequest(.push, items: names.map { TransferRequest.Item(reference: $0) }))
        for failure in failures.values { Output.standardError("warning: \(failure.message)\n") }
    }

    /// - Parameter images: the services whose images are copied.
    private func send(_ files: ApplicationFiles, images services: [Service]) throws {
        let directory = try TemporaryDirectory()
        let versions = ociVersion.map { [$0] } ?? [.v1_1, .v1_0]
        var request = TransferRequest(.publish, items: [TransferRequest.Item(reference: name)])
        request.file = directory.path
        request.images = Set(services.map(\.image)).sorted()
        request.manifests = try versions.map { try files.write(to: directory.path, hasArtifactType: $0 == .v1_1) }
        let failures = try Transfers(Trice.global).run(request) { event in
            if let digest = event.digest { Output.line("\(name) \(digest)") }
        }
        for service in services {
            guard let failure = failures[service.image] else { continue }
            throw Failure(failure.message, at: service.place("image"), hint: failure.hint)
        }
        if let failure = failures[name] { throw failure }
    }
}
