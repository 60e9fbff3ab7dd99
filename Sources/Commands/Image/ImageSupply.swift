// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Images
import Linux
import Registry
import Runtime
import Supervisor

/// Sees to it that the images of services are in the store before containers are made from them.
struct ImageSupply {
    let context: Context
    let project: Project
    /// In place of the services' own: `--pull`.
    var policy: PullPolicy?
    /// Only what is wrong is shown.
    var isQuiet = false
    /// What is built is built anew: `--build`; or never: `--no-build`.
    var build: Bool?
    var buildsQuietly = false

    private var store: ImageStore { ImageStore(root: context.roots.root) }

    /// - Throws: `Failure` at the image's place in the file.
    func provide(_ services: [Service]) throws {
        var (pulled, built): ([Service], [Service]) = ([], [])
        let now = realTime() / 1_000_000_000
        // Many services have one image: the store is asked for it once.
        var known: [String: Image?] = [:]
        for service in services where service.provider == nil {
            let name = project.imageName(of: service)
            let image = try known[name] ?? located(service) { try store.find(name) }
            known[name] = image
            var need = ImageNeed(service, policy: policy, image: image, now: now)
            if build == true && service.build != nil { need = .build }
            switch need {
            case .nothing: continue
            case .pull, .pullOrBuild: pulled.append(service)
            case .build:
                if build == false {
                    if image != nil { continue }
                    throw Failure(
                        "service \(service.name): its image \(name) is not there, and nothing is to be built",
                        at: service.place("build"), hint: "leave --no-build out")
                }
                built.append(service)
            case .missing: _ = try located(service) { try store.resolve(name) }
            }
        }
        let failures = try pull(pulled)
        for service in pulled {
            guard let failure = failures[service.image] else { continue }
            if service.build != nil && build != false {
                built.append(service)
            } else {
                // Whoever has mistyped a name hears what it may have been.
                let hint = try store.similarNames(to: service.image) ?? failure.hint
                throw Failure(failure.message, at: service.place("image"), hint: hint)
            }
        }
        try provideMounted(services)
        if built.isEmpty { return }
        var options = BuildOptions()
        options.isQuiet = buildsQuietly
        _ = try Builder.build(BuildChoice.withContexts(built, in: project), of: project, options, context)
    }

    /// Fetches the images that services mount, where they are not there.
    private func provideMounted(_ services: [Service]) throws {
        let missing = try services.filter { policy != .never && $0.pullPolicy != .never }.flatMap(\.mountedImages)
            .filter { try store.find($0.name) == nil }
        let items = Set(missing.map(\.name)).sorted().map { TransferRequest.Item(reference: $0) }
        let failures = try Transfers(context.global, isQuiet: isQuiet).run(TransferRequest(.pull, items: items))
        for (name, place) in missing {
            guard let failure = failures[name] else { continue }
            throw Failure(failure.message, at: place, hint: failure.hint)
        }
    }

    /// Fetches images.
    ///
    /// - Returns: what went wrong, by the image's name.
    func pull(_ services: [Service]) throws -> [String: Failure] {
        var items: [TransferRequest.Item] = []
        for service in services where !items.contains(where: { $0.reference == service.image }) {
            _ = try located(service) { try Reference(service.image) }
            items.append(TransferRequest.Item(reference: service.image, platform: service.platform))
        }
        return try Transfers(context.global, isQuiet: isQuiet).run(TransferRequest(.pull, items: items))
    }

    /// The project with each image named with its digest, as registries have it now.
    ///
    /// - Throws: `Failure` at the place of an image that nobody has.
    func pinned() throws -> Project {
        let named = project.services.filter { !$0.image.isEmpty }
        let items = try Set(named.filter { try Reference($0.image).digest == nil }.map(\.image)).sorted().map {
            TransferRequest.Item(reference: $0)
        }
        var digests: [String: String] = [:]
        let failures = try Transfers(context.global, isQuiet: true).ask(TransferRequest(.resolve, items: items)) {
            event in
            digests[event.image] = event.digest
        }
        var result = project
        for index in result.services.indices where !result.services[index].image.isEmpty {
            let service = result.services[index]
            if let failure = failures[service.image] {
                throw Failure(failure.message, at: service.place("image"), hint: failure.hint)
            }
            result.services[index].image = try Reference(service.image).canonical(digest: digests[service.image])
        }
        return result
    }

    private func located<T>(_ service: Service, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let failure as Failure {
            throw Failure(
                failure.message, at: service.place("image"), hint: failure.hint, exitCode: failure.exitCode)
        }
    }
}

extension Project {
    /// A file for `-f` that says no more than each service's image.
    var imagesDocument: Document {
        let services = services.filter { !$0.image.isEmpty }.map { service in
            Document.Field(service.name, .object([.init("image", .string(service.image))]))
        }
        return .object([.init("services", .object(services))])
    }
}

/// What goes on between the store and registries, shown as it does.
struct Transfers {
    let global: GlobalOptions
    let isQuiet: Bool

    init(_ global: GlobalOptions, isQuiet: Bool = false) { (self.global, self.isQuiet) = (global, isQuiet) }

    /// As `run`; what went wrong is printed.
    ///
    /// - Throws: `ExitCode` 1 where anything did.
    func perform(_ request: TransferRequest, onDone: (TransferEvent) -> Void = { _ in }) throws {
        let failures = try run(request, onDone: onDone)
        for item in request.items {
            if let failure = failures[item.reference] { Output.standardError(Output.render(failure)) }
        }
        if !failures.isEmpty { throw ExitCode(1) }
    }

    /// What changes nothing.
    func ask(_ request: TransferRequest, onDone: (TransferEvent) -> Void) throws -> [String: Failure] {
        request.items.isEmpty ? [:] : try transfer(request, onDone: onDone)
    }

    /// - Returns: what went wrong, by the image's name.
    func run(_ request: TransferRequest, onDone: (TransferEvent) -> Void = { _ in }) throws -> [String: Failure] {
        if request.items.isEmpty { return [:] }
        var failures: [String: Failure] = [:]
        return try Effect.perform(effects(of: request, &failures), otherwise: failures) {
            try transfer(request, onDone: onDone)
        }
    }

    /// What would come and go. Images that a registry does not have, and such as are not here to be sent, would not.
    private func effects(of request: TransferRequest, _ failures: inout [String: Failure]) throws -> [Effect] {
        switch request.operation {
        case .pull:
            var question = request
            question.operation = .resolve
            failures = try Transfers(global, isQuiet: true).transfer(question)
        case .push:
            let store = ImageStore(root: Roots.fromEnvironment().root)
            for item in request.items {
                do { _ = try store.resolve(item.reference) } catch let failure as Failure {
                    failures[item.reference] = failure
                }
            }
        default: break
        }
        let copies = (request.images ?? []).map { Effect("copy", .image, $0) }
        return copies
            + request.items.filter { failures[$0.reference] == nil }.map { item in
                Effect(
                    request.operation.rawValue, request.operation == .publish ? .application : .image, item.reference)
            }
    }

    private func transfer(
        _ request: TransferRequest, onDone: (TransferEvent) -> Void = { _ in }
    ) throws -> [String: Failure] {
        var failures: [String: Failure] = [:]
        var done: [TransferEvent] = []
        let isGood: Bool
        do {
            let progress = TransferProgress(global, request.operation, isQuiet: isQuiet)
            defer { progress.finish() }
            isGood = try RegistryProgram.run(request) { event in
                if let failure = event.failure {
                    if event.image.isEmpty { throw failure }
                    failures[event.image] = failure
                }
                if event.kind == .done { done.append(event) }
                progress.show(event)
            }
        }
        // On a terminal what is printed of them would be where the progress is.
        done.forEach(onDone)
        if !isGood && failures.isEmpty { throw Failure("trice-registry ended without saying why") }
        return failures
    }
}
