// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Images
import Linux
import Registry

/// Builds the images of services, independent ones side by side, one that is another's context before it.
struct Builder {
    let context: Context
    let project: Project
    var options = BuildOptions()
    private let buildah: Buildah
    private let store: ImageStore
    /// Of this run alone.
    private let scratch: String

    /// - Returns: the services whose images were built, in the order of their ends, with the images' ids.
    /// - Throws: `Failure` at the place of the `build` that failed; those that go on are ended.
    static func build(
        _ services: [Service], of project: Project, _ options: BuildOptions, _ context: Context
    ) throws -> [(service: String, id: String)] {
        let effects = try services.compactMap { service -> Effect? in
            guard let build = service.build else { return nil }
            let arguments = BuildArguments(service, build, in: project, options)
            try arguments.check()
            return Effect("build", .image, "\(try arguments.references()[0])")
        }
        return try Effect.perform(effects, otherwise: []) { try Builder(context, project, options).run(services) }
    }

    private init(_ context: Context, _ project: Project, _ options: BuildOptions) throws {
        (self.context, self.project, self.options) = (context, project, options)
        buildah = try Buildah(context.roots)
        store = ImageStore(root: context.roots.root)
        scratch = "\(buildah.directory)/run-\(getpid())"
    }

    /// A build that goes on.
    private struct Job {
        var service: Service
        var process: pid_t
        var output: Descriptor
        var rest: [UInt8] = []
        var lastLines: [String] = []
        var directory: String
        var references: [Reference]
    }

    private func run(_ services: [Service]) throws -> [(service: String, id: String)] {
        try buildah.recover()
        do {
            let done = try buildAll(services)
            cleanUp()
            return done
        } catch {
            cleanUp()
            try buildah.recover()
            throw error
        }
    }

    private func buildAll(_ services: [Service]) throws -> [(service: String, id: String)] {
        let lock = try buildah.lock()
        defer { withExtendedLifetime(lock) {} }
        try makeDirectories(scratch, mode: 0o700)
        var waiting = services
        var jobs: [Job] = []
        defer { for job in jobs { end(job) } }
        var done: [(service: String, id: String)] = []
        let atOnce = min(max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), Trice.parallelism ?? .max)
        while !waiting.isEmpty || !jobs.isEmpty {
            while jobs.count < atOnce,
                let next = waiting.firstIndex(where: { isReady($0, waiting: waiting, jobs: jobs) })
            {
                jobs.append(try start(waiting.remove(at: next)))
            }
            if jobs.isEmpty, let service = waiting.first {
                throw Failure(
                    "service \(service.name): its build waits for itself",
                    at: service.place("build.additional_contexts"))
            }
            var polled = jobs.map { pollfd(fd: $0.output.raw, events: Int16(POLLIN), revents: 0) }
            poll(&polled, nfds_t(polled.count), -1)
            for place in polled.indices.reversed() where polled[place].revents != 0 {
                if try read(&jobs[place]) { continue }
                let job = jobs.remove(at: place)
                done.append((job.service.name, try finish(job)))
            }
        }
        return done
    }

    private func cleanUp() {
        do throws(SystemError) { try removeTree(scratch) } catch {
            Output.standardError("warning: \(error)\n")
        }
    }

    /// Whether none of the services that it has as contexts is still to be built.
    private func isReady(_ service: Service, waiting: [Service], jobs: [Job]) -> Bool {
        let unbuilt = Set(waiting.map(\.name) + jobs.map(\.service.name))
        return unbuilt.isDisjoint(with: service.build?.contextServices ?? [])
    }

    // MARK: One build

    private func start(_ service: Service) throws -> Job {
        guard let build = service.build else { throw Failure("service \(service.name) has no build") }
        let arguments = BuildArguments(service, build, in: project, options)
        let directory = "\(scratch)/\(service.name)"
        try makeDirectories(directory, mode: 0o700)
        let context = try self.context(of: service, build, in: directory)
        let dockerfile = try self.dockerfile(of: service, build, context, in: directory)
        let contexts = try self.contexts(of: service, build, dockerfile, arguments, in: directory)
        let words = try arguments.words(
            context: context, dockerfile: dockerfile, secrets: try secrets(of: build, in: directory),
            contexts: contexts, idFile: "\(directory)/id")
        let output = try Descriptor.pipe()
        let null = try Descriptor.open("/dev/null", O_RDONLY)
        let process = try buildah.start(
            words, descriptors: [0: null.raw, 1: output.write.raw, 2: output.write.raw])
        output.write.close()
        if !options.isQuiet { Output.standardError(" Image \(try arguments.references()[0])  Building\n") }
        return Job(
            service: service, process: process, output: output.read, directory: directory,
            references: try arguments.references())
    }

    /// The directory to build.
    private func context(of service: Service, _ build: Build, in directory: String) throws -> String {
        if let reference = GitReference(parsing: build.context) {
            do throws(FetchFailure) { return try GitCache(environment: Context.environment).folder(reference) } catch {
                throw Failure(
                    "service \(service.name): cannot get '\(build.context)': \(error.reason)",
                    at: service.place("build.context"), hint: error.hint)
            }
        }
        if build.context.contains("://") {
            do { return try archive(build.context, in: directory) } catch let failure as Failure {
                throw Failure(
                    "service \(service.name): \(failure.message)", at: service.place("build.context"),
                    hint: failure.hint)
            }
        }
        var status = stat()
        guard stat(build.context, &status) == 0 else {
            throw Failure(
                "service \(service.name): the context \(build.context) is not there",
                at: service.place("build.context"))
        }
        return build.context
    }

    /// Fetches an archive, and unpacks it.
    private func archive(_ address: String, in directory: String) throws -> String {
        var request = TransferRequest(.download)
        (request.address, request.file) = (address, "\(directory)/context.tar")
        try RegistryName.perform(request) { _ in }
        let context = "\(directory)/context"
        try makeDirectories(context)
        do {
            try TreeArchive.unpack(try Descriptor.open("\(directory)/context.tar", O_RDONLY), to: "\(context)/.")
        } catch { throw Failure("\(address) cannot be unpacked: \(error)") }
        return context
    }

    private func dockerfile(
        of service: Service, _ build: Build, _ context: String, in directory: String
    ) throws -> String {
        if let text = build.dockerfileInline {
            let path = "\(directory)/Dockerfile"
            try writeAtomically(path, Array(text.utf8), durable: false)
            return path
        }
        let name = build.dockerfile ?? "Dockerfile"
        let path = name.hasPrefix("/") ? name : "\(context)/\(name)"
        guard exists(path) else {
            throw Failure(
                "service \(service.name): the Dockerfile \(path) is not there",
                at: service.place(build.dockerfile == nil ? "build" : "build.dockerfile"))
        }
        return path
    }

    /// Sees to it that the engine has all images that the Dockerfile names.
    ///
    /// - Returns: what else it is told of names.
    private func contexts(
        of service: Service, _ build: Build, _ dockerfile: String, _ arguments: BuildArguments, in directory: String
    ) throws -> [KeyValue] {
        let names = Set(build.additionalContexts.map(\.name))
        let platform = try (build.platforms.first ?? service.platform).map { try Platform(parsing: $0) } ?? .host
        let file = Dockerfile(parsing: try readText(dockerfile), arguments: arguments.arguments, platform: platform)
        var contexts: [KeyValue] = []
        var wanted = file.images(target: build.target, contexts: names)
        for context in build.additionalContexts {
            if context.value.hasPrefix("docker-image://") {
                wanted.append(String(context.value.dropFirst("docker-image://".count)))
            }
        }
        var ids: [String: String] = [:]
        do {
            try fetch(wanted, always: build.pull || options.pull, platform: platform)
            for name in wanted { ids[name] = try handOver(name, in: directory) }
        } catch let failure as Failure {
            throw Failure(
                "service \(service.name): \(failure.message)", at: service.place("build"), hint: failure.hint)
        }
        for (name, id) in ids.sorted(by: { $0.key < $1.key }) where name.contains("@") {
            contexts.append(KeyValue(name: name, value: "docker-image://\(id)"))
        }
        for context in build.additionalContexts {
            if let service = Build.service(ofContext: context.value) {
                let other = BuildChoice.anyService(service, in: project)
                let name = other.map(project.imageName) ?? ""
                contexts.append(
                    KeyValue(name: context.name, value: "docker-image://\(try handOver(name, in: directory))"))
            } else if context.value.hasPrefix("docker-image://") {
                let id = ids[String(context.value.dropFirst("docker-image://".count))] ?? ""
                contexts.append(KeyValue(name: context.name, value: "docker-image://\(id)"))
            } else {
                contexts.append(context)
            }
        }
        return contexts
    }

    private func fetch(_ names: [String], always: Bool, platform: Platform) throws {
        let missing = try names.filter { try always || store.find($0) == nil }
        let items = missing.map { TransferRequest.Item(reference: $0, platform: "\(platform)") }
        let failures = try Transfers(context.global, isQuiet: options.isQuiet).run(TransferRequest(.pull, items: items))
        for name in missing {
            guard let failure = failures[name] else { continue }
            // Where the newest is wanted, one that is of this host alone is as new as it gets.
            if always, try store.find(name)?.pulled == nil, try store.find(name) != nil { continue }
            throw failure
        }
    }

    /// - Returns: the id that the engine knows the image by.
    private func handOver(_ name: String, in directory: String) throws -> String {
        let base = try store.buildBase(name, in: "\(directory)/base")
        defer { cleanUpBase(base.directory) }
        let reference = try Reference(name)
        let full = "\(reference.domain)/\(reference.repository)"
        // A name with a digest is no tag: the Dockerfile's is told to the engine otherwise.
        let names =
            reference.digest == nil ? ["\(full):\(reference.tag ?? "latest")"] : ["localhost/trice/base:\(base.id)"]
        try buildah.take(base.id, from: base.directory, as: names)
        return base.id
    }

    private func cleanUpBase(_ directory: String) {
        do throws(SystemError) { try removeTree(directory) } catch { Output.standardError("warning: \(error)\n") }
    }

    /// Files with the content of secrets that come from variables.
    private func secrets(of build: Build, in directory: String) throws -> [String: String] {
        var files: [String: String] = [:]
        for secret in build.secrets {
            guard let object = project.secrets.first(where: { $0.key == secret.source }),
                case .environment(_, value: let value?) = object.content
            else { continue }
            let path = "\(directory)/secret-\(files.count)"
            try writeAtomically(path, Array(value.utf8), durable: false)
            files[secret.source] = path
        }
        return files
    }

    // MARK: Its output and its end

    /// - Returns: false at its end.
    private func read(_ job: inout Job) throws -> Bool {
        let part = try job.output.read(upTo: 1 << 16)
        job.rest += part
        while let end = part.isEmpty && !job.rest.isEmpty ? job.rest.endIndex : job.rest.firstIndex(of: 0x0A) {
            let line = String(decoding: job.rest[..<end], as: UTF8.self)
            job.rest.removeFirst(min(end + 1, job.rest.count))
            job.lastLines = job.lastLines.suffix(9) + [line]
            if !options.isQuiet { Output.standardError("\(job.service.name) | \(line)\n") }
        }
        return !part.isEmpty
    }

    private func finish(_ job: Job) throws -> String {
        let status = try exitStatus(ofChild: job.process)
        guard status == .exited(0) else {
            // Where nothing was shown, what it said last says why.
            if options.isQuiet { for line in job.lastLines { Output.standardError("\(job.service.name) | \(line)\n") } }
            let how = if case .signaled(let signal) = status { "signal \(signal)" } else { "status \(status.code)" }
            throw Failure(
                "service \(job.service.name): the build failed (\(how)): \(job.lastLines.last ?? "")",
                at: job.service.place("build"))
        }
        let built = try readText("\(job.directory)/id").split(separator: ":").last.map(String.init) ?? ""
        let result = try BuildResult(store, in: "\(job.directory)/result")
        try buildah.run(["push", "--quiet", built, "dir:\(result.directory)"])
        let id = try result.take(as: job.references)
        if !options.isQuiet { Output.standardError(" Image \(job.references[0])  Built\n") }
        return id
    }

    private func end(_ job: Job) {
        kill(job.process, SIGTERM)
        waitpid(job.process, nil, 0)
    }
}
