// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

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

    private var store: ImageStore { ImageStore(root: context.roots.root) }

    /// - Throws: `Failure` at the image's place in the file.
    func provide(_ services: [Service]) throws {
        var pulled: [Service] = []
        let now = realTime() / 1_000_000_000
        for service in services where service.provider == nil {
            let image = try present(service)
            switch ImageNeed(service, policy: policy, image: image, now: now) {
            case .nothing: continue
            case .pull, .pullOrBuild: pulled.append(service)
            case .build: throw unbuildable(service)
            case .missing: _ = try located(service) { try store.resolve(service.image) }
            }
        }
        let failures = try pull(pulled)
        for service in pulled {
            guard let failure = failures[service.image] else { continue }
            if service.build != nil { throw unbuildable(service) }
            throw Failure(failure.message, at: service.place("image"), hint: failure.hint)
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

    private func present(_ service: Service) throws -> Image? {
        if service.image.isEmpty { return nil }
        return try located(service) { try store.find(service.image) }
    }

    private func unbuildable(_ service: Service) -> Failure {
        Failure("service \(service.name): images cannot be built yet", at: service.place("build"))
    }

    private func located<T>(_ service: Service, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let failure as Failure {
            throw Failure(
                failure.message, at: service.place("image"), hint: failure.hint, exitCode: failure.exitCode)
        }
    }
}

/// What goes on between the store and registries, shown as it does.
struct Transfers {
    let global: GlobalOptions
    let isQuiet: Bool

    init(_ global: GlobalOptions, isQuiet: Bool = false) { (self.global, self.isQuiet) = (global, isQuiet) }

    /// - Returns: what went wrong, by the image's name.
    func run(_ request: TransferRequest, onDone: (TransferEvent) -> Void = { _ in }) throws -> [String: Failure] {
        if request.items.isEmpty { return [:] }
        let progress = TransferProgress(global, request.operation, isQuiet: isQuiet)
        defer { progress.finish() }
        var failures: [String: Failure] = [:]
        let isGood = try RegistryProgram.run(request) { event in
            if let failure = event.failure {
                if event.image.isEmpty { throw failure }
                failures[event.image] = failure
            }
            if event.kind == .done { onDone(event) }
            progress.show(event)
        }
        if !isGood && failures.isEmpty { throw Failure("trice-registry ended without saying why") }
        return failures
    }
}
