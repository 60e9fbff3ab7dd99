// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Linux
import Reconciler
import Runtime

/// `post_start` and `pre_stop` (Compose Specification, 05-services.md): commands in the running container, one after the
/// other, whose output goes to the container's log.
extension Supervisor {
    /// What the launcher's names for hooks begin with.
    var hookPrefix: String { "hook/" }

    /// Runs the hooks that follow each start. Who depends on the service waits for them; where one fails, the start has
    /// failed and the container runs on.
    func runPostStartHooks(_ container: Container) {
        let hooks = container.service.postStart
        guard !hooks.isEmpty else { return }
        container.state.isSettingUp = true
        let pid = container.pid
        run(hooks[...], "post_start", in: container) { [unowned self, unowned container] failure in
            // Its process has ended meanwhile, and says itself how.
            guard container.pid == pid else { return }
            container.state.isSettingUp = false
            container.record.state.hookFailure = failure
            if let failure {
                container.state.failure = failure.message
                container.state.failed = realTime()
            }
            self.save(container)
            self.reconcile()
        }
    }

    /// Runs the hooks that come before each stop, for no longer than the stop's own grace.
    func runPreStopHooks(_ container: Container, grace: UInt64, then stop: @escaping () -> Void) {
        let hooks = container.service.preStop
        guard !hooks.isEmpty else { return stop() }
        var isOver = false
        let finish = { [unowned self, unowned container] (failure: Failure?) in
            guard !isOver else { return }
            isOver = true
            if let timer = container.graceTimer { self.loop.cancel(timer) }
            container.graceTimer = nil
            if let failure { self.warn(failure.message) }
            stop()
        }
        if grace != .max {
            container.graceTimer = loop.schedule(after: grace) { [unowned container] in
                if let pid = container.hookPID { kill(-pid, SIGKILL) }
                finish(Failure("service \(container.service.name): pre_stop took longer than the grace of the stop"))
            }
        }
        run(hooks[...], "pre_stop", in: container, then: finish)
    }

    private func run(
        _ hooks: ArraySlice<Hook>, _ key: String, in container: Container, then: @escaping (Failure?) -> Void
    ) {
        guard let hook = hooks.first else { return then(nil) }
        let service = container.service
        let place = service.place("\(key)[\(hooks.startIndex)]")
        let fail = { (reason: String) in
            then(Failure("service \(service.name): \(key)[\(hooks.startIndex)]: \(reason)", at: place))
        }
        do {
            let output = try hookOutput(container)
            let null = try Descriptor.open("/dev/null", O_RDWR)
            try exec(try process(of: hook, in: container), in: container, stdio: [null, output, output], isHook: true) {
                [unowned container] pid in
                container.hookPID = pid
            } onFailure: { failure in
                fail("\(failure)")
            } onEnd: { [unowned self, unowned container] status in
                container.hookPID = nil
                guard status == .exited(0) else { return fail("exited with status \(status.code)") }
                self.run(hooks.dropFirst(), key, in: container, then: then)
            }
        } catch { fail("\((error as? Failure)?.message ?? "\(error)")") }
    }

    /// The container's own standard output, where its log is read from.
    private func hookOutput(_ container: Container) throws -> Descriptor {
        let path = "\(paths.pipes(container.id))/stdout"
        return try Descriptor.open(exists(path) ? path : "/dev/null", O_RDWR)
    }

    private func process(of hook: Hook, in container: Container) throws -> ProcessSpec {
        var process = try Specification(paths: paths, config: container.record.config).process()
        process.arguments = hook.command ?? []
        process.terminal = false
        if let user = hook.user { process.user = user }
        if let directory = hook.workingDirectory { process.workingDirectory = directory }
        if hook.privileged { process.capabilities = try CapabilitySet.permitted.names }
        for variable in hook.environment {
            process.environment.removeAll { $0.hasPrefix("\(variable.name)=") }
            guard let value = variable.value ?? saved?.project.environment[variable.name] else { continue }
            process.environment.append("\(variable.name)=\(value)")
        }
        return process
    }
}
