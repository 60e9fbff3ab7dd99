// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime
import Supervisor

/// Keeps the containers of a project up to date with its files, as `develop.watch` says.
final class DevelopWatch {
    private let context: Context
    private let paths: ProjectPaths
    private let project: Project
    private let rules: [(rule: WatchRule, service: Service)]
    private let tree: TreeWatch
    private let isQuiet: Bool
    /// Whether images that a rebuild has left without a name are removed.
    private let prunes: Bool

    /// Milliseconds without a change that end a burst of them, and how long one burst may last.
    private static let calm: Int32 = 50
    private static let longestBurst: UInt64 = 1_000_000_000

    /// - Parameter services: those that are watched; empty for all with a `develop.watch`.
    /// - Throws: `Failure` where none is, and at the place of a trigger that cannot be served.
    init(
        _ project: Project, services: [String], _ context: Context, isQuiet: Bool = false, prunes: Bool = true
    ) throws {
        (self.context, self.project, paths) = (context, project, context.paths(of: project))
        (self.isQuiet, self.prunes) = (isQuiet, prunes)
        let chosen = project.services.filter { services.isEmpty || services.contains($0.name) }
        var rules: [(WatchRule, Service)] = []
        for service in chosen {
            for (index, trigger) in (service.develop?.watch ?? []).enumerated() {
                let place = "develop.watch[\(index)]"
                if trigger.action == .rebuild && service.build == nil {
                    throw Failure(
                        "service \(service.name): action rebuild wants a build", at: service.place("\(place).action"))
                }
                guard exists(trigger.path) else {
                    throw Failure(
                        "service \(service.name): \(trigger.path), which is to be watched, is not there",
                        at: service.place("\(place).path"))
                }
                rules.append((try WatchRule(service, trigger), service))
            }
        }
        guard !rules.isEmpty else {
            throw Failure(
                "none of the selected services is configured for watch", hint: "give one a develop.watch section")
        }
        self.rules = rules
        do throws(SystemError) {
            tree = try TreeWatch(Array(Set(rules.map(\.0.trigger.path))).sorted()) { directory in
                rules.contains { $0.0.enters(directory) }
            }
        } catch {
            guard error.errno == ENOSPC else { throw Failure("\(error)") }
            throw Failure(
                "more directories are to be watched than the kernel allows: \(error)",
                hint: "ignore those that need no watching, or raise it: sysctl fs.inotify.max_user_watches=1048576")
        }
    }

    /// Becomes readable when files have changed.
    var descriptor: Int32 { tree.descriptor }

    /// Brings what `initial_sync` asks for into the containers, and says what is watched.
    func begin() throws {
        for (rule, _) in rules where rule.trigger.initialSync { try sync(rule, files(below: rule.trigger.path, rule)) }
        say("Watch enabled")
    }

    /// Does what the changes ask for, when they have come to rest.
    func handle() throws {
        var changed = Set<String>()
        let began = EventLoop.now
        repeat {
            changed.formUnion(try tree.changes())
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&polled, 1, DevelopWatch.calm) == 0 { break }
        } while EventLoop.now - began < DevelopWatch.longestBurst
        var restarted: [String] = []
        var rebuilt: [Service] = []
        var executed: [(Service, Hook)] = []
        for (rule, service) in rules {
            let files = Set(
                changed.sorted().flatMap { path in rule.relative(path) == nil ? [] : self.files(below: path, rule) })
            if files.isEmpty { continue }
            do {
                if rule.trigger.action.needsTarget { try sync(rule, files.sorted()) }
            } catch {
                // The next change may come through: a file may be being replaced, or a container restarted.
                Output.standardError(error is Failure ? "\(error)\n" : "error: \(error)\n")
                continue
            }
            switch rule.trigger.action {
            case .restart, .syncAndRestart: if !restarted.contains(service.name) { restarted.append(service.name) }
            case .syncAndExec: if let hook = rule.trigger.exec { executed.append((service, hook)) }
            case .rebuild: if !rebuilt.contains(service) { rebuilt.append(service) }
            case .sync: break
            }
        }
        if !rebuilt.isEmpty { try rebuild(rebuilt) }
        restarted.removeAll { name in rebuilt.contains { $0.name == name } }
        if !restarted.isEmpty {
            say("restarting \(restarted.joined(separator: ", "))")
            try ServiceRequest(context, paths).perform(
                .restart(services: restarted, timeout: nil, ignoreDependencies: true))
        }
        for (service, hook) in executed { try exec(hook, service) }
    }

    /// Builds images anew, and replaces the containers that were made from the old ones.
    private func rebuild(_ services: [Service]) throws {
        let names = services.map(\.name)
        say("rebuilding \(names.joined(separator: ", "))")
        var options = Request.UpOptions()
        (options.services, options.ignoreDependencies) = (names, true)
        var bringUp = BringUp(context: context, paths: paths, project: project, options: options)
        bringUp.build = true
        do {
            let store = ImageStore(root: context.roots.root)
            let before = try services.compactMap { try store.find(project.imageName(of: $0))?.id }
            let status = try bringUp.run()
            if status != 0 { Output.standardError("the services are not up again (status \(status))\n") }
            if prunes { try removeNameless(before, store) }
        } catch let failure as Failure {
            // The next change may mend it; what runs goes on.
            Output.standardError(Output.render(failure))
        }
    }

    /// Removes those of the images that have lost their names, and that no container was made from.
    private func removeNameless(_ images: [String], _ store: ImageStore) throws {
        let inUse = try ImageUse(context.roots).byImage
        let gone = try store.prune(images, inUse: Set(inUse.keys))
        for image in gone { say("removed image \(image.dropFirst(7).prefix(12)), which has no name any more") }
    }

    /// The rule's files at and below a path; the path itself where nothing is there any more.
    private func files(below path: String, _ rule: WatchRule) -> [String] {
        var status = stat()
        let isDirectory = lstat(path, &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ifdir
        guard isDirectory else { return rule.covers(path) ? [path] : [] }
        guard rule.enters(path) else { return [] }
        var found: [String] = []
        do throws(SystemError) {
            for name in try listDirectory(path) { found += files(below: "\(path)/\(name)", rule) }
        } catch { return [] }  // it went: its removal is told next
        // An empty directory is worth having, too.
        return found.isEmpty && rule.covers(path) ? [path] : found
    }

    private func sync(_ rule: WatchRule, _ files: [String]) throws {
        let pairs = files.compactMap { path in rule.target(of: path).map { FileSync.Pair(source: path, target: $0) } }
        if pairs.isEmpty { return }
        let running = try RecordStore(paths).current().filter {
            $0.config.service == rule.service && $0.runsNow && !$0.state.reconciled.isOneOff
        }
        for record in running { try FileSync(record: record, paths: paths).run(pairs) }
        let names = files.prefix(3).map { path in
            // The path itself where it is a file.
            rule.relative(path).flatMap { $0.isEmpty ? nil : $0 } ?? String(path.split(separator: "/").last ?? "")
        }
        let more = files.count > 3 ? " and \(files.count - 3) more" : ""
        say("\(rule.service): synced \(names.joined(separator: ", "))\(more)")
    }

    private func exec(_ hook: Hook, _ service: Service) throws {
        let running = try RecordStore(paths).current().filter {
            $0.config.service == service.name && $0.runsNow && !$0.state.reconciled.isOneOff
        }
        for record in running {
            var options = Request.ExecOptions(
                service: service.name, index: record.config.number, arguments: hook.command ?? [])
            options.environment = hook.environment.map { "\($0.name)=\($0.value ?? "")" }
            (options.user, options.workingDirectory, options.privileged) = (
                hook.user, hook.workingDirectory, hook.privileged
            )
            say("\(service.name): running \((hook.command ?? []).joined(separator: " "))")
            let session = Session(try SupervisorClient.start(paths), input: false)
            try session.send(.exec(options), streams: true)
            let status = try session.run()
            if status != 0 { Output.standardError("\(service.name): the command ended with \(status)\n") }
        }
    }

    private func say(_ text: String) {
        if !isQuiet { Output.standardError(" ⦿ \(text)\n") }
    }
}
