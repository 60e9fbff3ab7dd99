// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Runtime

/// The supervisor's side of the channel to the launcher.
final class LauncherClient {
    /// A process that the launcher has cloned and that sets itself up.
    struct Created {
        let pid: Int32
        let pidfd: Descriptor
        let setup: PacketSocket
    }

    private let channel: PacketSocket
    private let loop: EventLoop
    private var watch: EventLoop.Watch?
    private var waiting: [String: (Result<Created, SetupFailure>) -> Void] = [:]
    /// What the launcher has not taken yet. Never waited for: it may wait itself, for this process to take its replies.
    private var unsent: [(request: LauncherRequest, descriptors: [Descriptor])] = []
    /// What the launcher kept of an earlier supervisor, by name.
    private(set) var kept: [String: Descriptor] = [:]

    var onEnded: (LauncherReply.Ended) -> Void = { _ in }
    var onLost: () -> Void = {}

    init(_ channel: PacketSocket, on loop: EventLoop) { (self.channel, self.loop) = (channel, loop) }

    /// Waits for the launcher's first message.
    func hello() throws -> (children: [LauncherReply.Child], ended: [LauncherReply.Ended]) {
        guard let (reply, _) = try channel.receive(LauncherReply.self),
            case .hello(let children, let ended, let count) = reply
        else {
            throw Failure("the launcher does not greet")
        }
        for _ in 0..<count {
            guard let (reply, descriptors) = try channel.receive(LauncherReply.self) else {
                throw Failure("the launcher is gone")
            }
            handle(reply, descriptors)
        }
        return (children, ended)
    }

    /// Listens from now on.
    func begin() throws(SystemError) {
        watch = try loop.watch(channel.descriptor.raw, unsent.isEmpty ? .read : [.read, .write]) {
            [unowned self] readiness in
            if readiness.write { self.flush() }
            if readiness.read { self.receive() }
        }
    }

    /// How many processes were asked for that are not there yet.
    var requested: Int { waiting.count }

    func create(
        _ id: String, _ spec: ContainerSpec, stdio: [Descriptor], cgroup: Descriptor?, filter: Descriptor,
        mounts: ContainerMounts?,
        then: @escaping (Result<Created, SetupFailure>) -> Void
    ) throws {
        let document = try memoryFile("container", encodeJSON(spec, sorted: false))
        waiting[id] = then
        try send(
            .create(container: id, namespaces: spec.namespaces, hasControlGroup: cgroup != nil),
            descriptors: [document] + stdio + [filter] + [cgroup].compactMap { $0 } + (mounts?.descriptors ?? []))
    }

    func exec(
        _ id: String, _ process: ProcessSpec, stdio: [Descriptor], cgroup: Descriptor?, filter: Descriptor,
        target: Descriptor,
        then: @escaping (Result<Created, SetupFailure>) -> Void
    ) throws {
        let document = try memoryFile("process", encodeJSON(process, sorted: false))
        waiting[id] = then
        try send(
            .exec(id: id, hasControlGroup: cgroup != nil),
            descriptors: [document] + stdio + [filter] + [cgroup].compactMap { $0 } + [target])
    }

    func keep(_ name: String, _ descriptor: Descriptor) throws {
        try send(.keep(name: name), descriptors: [descriptor])
    }

    /// Takes what the launcher kept under this name; it keeps its own copy until `drop`.
    func takeKept(_ name: String) -> Descriptor? { kept.removeValue(forKey: name) }

    func drop(_ name: String) {
        kept[name] = nil
        tell(.drop(name: name))
    }
    /// - Parameter file: nil for an end.
    func trace(_ file: Descriptor?) throws { try send(.trace, descriptors: file.map { [$0] } ?? []) }
    func forget(_ pid: Int32) { tell(.forget(pid: pid)) }

    /// The last word: nothing else is done until the launcher has it.
    func quit() {
        do {
            for (request, descriptors) in unsent { try channel.send(request, descriptors: descriptors) }
            unsent = []
            try channel.send(LauncherRequest.quit)
        } catch { log("the launcher does not take a request: \(error)") }
    }

    private func tell(_ request: LauncherRequest) {
        do { try send(request) } catch { log("the launcher does not take a request: \(error)") }
    }

    /// A launcher that is gone is no fault of the container that was asked for.
    private func send(_ request: LauncherRequest, descriptors: [Descriptor] = []) throws {
        if !unsent.isEmpty { return unsent.append((request, descriptors)) }
        do {
            try channel.send(request, descriptors: descriptors, wait: false)
        } catch let error as SystemError where error.errno == EAGAIN {
            unsent.append((request, descriptors))
            if let watch { loop.update(watch, [.read, .write]) }
        } catch let error as SystemError where error.errno == EPIPE || error.errno == ECONNRESET {
            onLost()
            throw error
        }
    }

    private func flush() {
        var sent = 0
        do {
            while sent < unsent.count {
                try channel.send(unsent[sent].request, descriptors: unsent[sent].descriptors, wait: false)
                sent += 1
            }
            unsent = []
            if let watch { loop.update(watch, .read) }
        } catch let error as SystemError where error.errno == EAGAIN {
            unsent.removeFirst(sent)
        } catch {
            log("the launcher does not take a request: \(error)")
            onLost()
        }
    }

    private func receive() {
        while true {
            do {
                guard let (reply, descriptors) = try channel.receive(LauncherReply.self, wait: false) else {
                    if let watch { loop.cancel(watch) }
                    return onLost()
                }
                handle(reply, descriptors)
            } catch let error as SystemError where error.errno == EAGAIN {
                return
            } catch {
                log("a message of the launcher cannot be understood: \(error)")
                return
            }
        }
    }

    private func handle(_ reply: LauncherReply, _ descriptors: [Descriptor]) {
        switch reply {
        case .hello: break
        case .kept(let name): kept[name] = descriptors.first
        case .created(let id, let pid):
            guard descriptors.count == 2, let then = waiting.removeValue(forKey: id) else { return }
            then(.success(Created(pid: pid, pidfd: descriptors[0], setup: PacketSocket(descriptors[1]))))
        case .failed(let id, let failure): waiting.removeValue(forKey: id)?(.failure(failure))
        case .ended(let ended): onEnded(ended)
        }
    }
}
