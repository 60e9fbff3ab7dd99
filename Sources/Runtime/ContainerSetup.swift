// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

/// What a cloned child does until its program runs. It never returns.
enum ContainerSetup {
    /// - Parameters:
    ///   - stdio: what becomes descriptors 0, 1 and 2.
    ///   - filter: nil for none.
    ///   - mounts: the `ContainerMounts` of a container with a user namespace of its own.
    ///   - socket: where failures are told, and where the supervisor says to proceed.
    static func run(
        _ spec: ContainerSpec, stdio: [Descriptor], filter: SeccompFilter?, mounts: [Descriptor], socket: PacketSocket
    ) -> Never {
        do {
            try setUp(spec, stdio, filter, ContainerMounts(mounts, for: spec), socket)
        } catch {
            report(error, to: socket)
        }
    }

    private static func setUp(
        _ spec: ContainerSpec, _ stdio: [Descriptor], _ filter: SeccompFilter?, _ mounts: ContainerMounts?,
        _ socket: PacketSocket
    ) throws -> Never {
        try Trace.span("namespaces") { try enterNamespaces(spec) }
        let root = RootFileSystem(spec: spec)
        if spec.fillsVolumes {
            try root.enterFiles(mounts)
            _exit(0)
        }
        try Trace.span("files") { try root.enter(mounts) }
        if spec.process.terminal {
            let terminal = try Terminal.open(size: spec.process.terminalSize, for: socket)
            try terminal.becomeStandardStreams(consoleAt: "/dev/console")
        } else {
            try takeStandardStreams(stdio)
        }
        let (identity, program) = try Trace.span("user") {
            let identity = try Identity.lookUp(spec.process)
            return (identity, try Program(spec.process, home: identity.home))
        }
        // The supervisor's part (the network) goes on beside this one; from here on it must be there.
        // Where the supervisor has died instead, the next one starts the container again.
        do {
            let isLeft = try Trace.span("wait for the network") { try socket.receive(Proceed.self) == nil }
            if isLeft { _exit(Launcher.cutOffStatus) }
        } catch let error as SystemError where error.errno == ECONNRESET { _exit(Launcher.cutOffStatus) }
        try Trace.span("restrictions") {
            try writeSysctls(spec.sysctls)
            try root.close()
        }
        umask(0o022)
        try program.execute(as: identity, under: filter, initProcess: spec.initProcess, socket: socket)
    }

    private static func enterNamespaces(_ spec: ContainerSpec) throws(SetupFailure) {
        try startSession()
        umask(0)
        // Before the cgroup namespace, whose root they are.
        try attempt { () throws(SystemError) in for group in spec.process.controlGroups { try group.join() } }
        if spec.namespaces.user != nil { try attempt("userns_mode") { () throws(SystemError) in try becomeRoot() } }
        try attempt { () throws(SystemError) in try joinNamespaces(spec.namespaces) }
        if spec.namespaces.uts == .own { try setHostname(spec) }
    }

    private static func joinNamespaces(_ namespaces: ContainerSpec.Namespaces) throws(SystemError) {
        for (name, source, type) in [
            ("net", namespaces.network, CLONE_NEWNET), ("ipc", namespaces.ipc, CLONE_NEWIPC),
            ("uts", namespaces.uts, CLONE_NEWUTS),
        ] {
            guard case .process(let pid) = source else { continue }
            let namespace = try Descriptor.open("/proc/\(pid)/ns/\(name)", O_RDONLY)
            try check("setns", name) { trice_setns(namespace.raw, Int32(type)) }
        }
        // Not by clone3(2): there the namespace's root would be the launcher's cgroup.
        if namespaces.cgroup == .own { try check("unshare", "cgroup") { trice_unshare(Int32(CLONE_NEWCGROUP)) } }
    }

    private static func setHostname(_ spec: ContainerSpec) throws(SetupFailure) {
        try attempt("hostname") { () throws(SystemError) in
            try check("sethostname", spec.hostname) { sethostname(spec.hostname, spec.hostname.utf8.count) }
        }
        guard !spec.domainname.isEmpty else { return }
        try attempt("domainname") { () throws(SystemError) in
            try check("setdomainname", spec.domainname) {
                trice_setdomainname(spec.domainname, spec.domainname.utf8.count)
            }
        }
    }

    private static func writeSysctls(_ sysctls: [String: String]) throws(SetupFailure) {
        for (name, value) in sysctls.sorted(by: { $0.key < $1.key }) {
            try attempt("sysctls.\(name)") { () throws(SystemError) in
                try Descriptor.open(sysctlPath(name), O_WRONLY).writeAll(value.utf8)
            }
        }
    }
}

/// `/proc/sys/net/core/somaxconn` for `net.core.somaxconn`.
package func sysctlPath(_ name: String) -> String {
    "/proc/sys/" + name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "/")
}

/// Whether this process, cloned by the launcher, has not become its program yet.
package func isSettingUp(_ pid: Int32) throws(SystemError) -> Bool {
    try readText("/proc/\(pid)/comm") == "\(Launcher.processName)\n"
}

/// Makes the process the leader of a session of its own, without a terminal, and without the keys of the caller's
/// session (session-keyring(7)).
func startSession() throws(SetupFailure) {
    setsid()
    // A kernel without keys has none to hide.
    if trice_new_session_keyring() < 0 && errno != ENOSYS {
        throw SetupFailure(SystemError("keyctl", "session keyring"))
    }
}

/// Tells the supervisor why the process cannot start, and ends.
func report(_ error: any Error, to socket: PacketSocket) -> Never {
    let failure: SetupFailure =
        switch error {
        case let failure as SetupFailure: failure
        case let error as SystemError: SetupFailure(error)
        default: SetupFailure("set up the process", reason: "\(error)")
        }
    do { try socket.send(SetupMessage.failed(failure)) } catch { log("\(failure)") }
    _exit(failure.exitCode)
}

/// Runs a step; a system call's failure becomes a `SetupFailure` that names the key of the Compose file.
@discardableResult
func attempt<T>(_ key: String = "", _ body: () throws(SystemError) -> T) throws(SetupFailure) -> T {
    do { return try body() } catch { throw SetupFailure(error, key: key) }
}

/// Makes these descriptors 0, 1 and 2 and closes what they were.
func takeStandardStreams(_ stdio: [Descriptor]) throws(SetupFailure) {
    for (target, source) in stdio.enumerated() {
        try attempt { () throws(SystemError) in try check("dup2") { dup2(source.raw, Int32(target)) } }
    }
    for source in stdio { source.close() }
}
