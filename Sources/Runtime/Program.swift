// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The program that a set-up child becomes.
struct Program {
    let process: ProcessSpec
    let environment: [String]

    /// Goes to the working directory, which is made where the image does not have it.
    init(_ process: ProcessSpec, home: String) throws(SetupFailure) {
        self.process = process
        environment =
            process.environment.contains { $0.hasPrefix("HOME=") }
            ? process.environment : process.environment + ["HOME=\(home)"]
        let directory = process.workingDirectory.isEmpty ? "/" : process.workingDirectory
        try attempt("working_dir") { () throws(SystemError) in
            try makeDirectories(directory)
            try check("chdir", directory) { chdir(directory) }
        }
    }

    /// Gives up what the process may not keep, and becomes the program.
    ///
    /// The filter binds what comes after it, so it comes last: only capset(2), where CAP_SYS_ADMIN had to be kept for
    /// it, what the init does, and execve(2) must be among what it allows.
    ///
    /// - Parameter initProcess: whether this process stays, as trice's init, and a child becomes the program.
    func execute(
        as identity: Identity, under filter: SeccompFilter?, initProcess: Bool = false, socket: PacketSocket
    ) throws(SetupFailure) -> Never {
        let start = Trace.now
        try setLimits()
        if process.noNewPrivileges {
            try attempt("security_opt") { () throws(SystemError) in
                try check("prctl", "PR_SET_NO_NEW_PRIVS") { trice_prctl(38, 1) }
            }
        }
        // A pipe is reopened through /dev/stdout: it has to belong to who writes. Files and terminals stay as they are.
        for stream in 0...2 as ClosedRange<Int32> { Program.give(stream, to: identity) }
        let capabilities = CapabilitySet(names: process.capabilities)
        try identity.assume(bounding: capabilities)
        try attempt { () throws(SystemError) in
            try check("close_range") { trice_close_range(3, UInt32.max, Int32(CLOSE_RANGE_CLOEXEC)) }
        }
        let path = try find(process.arguments.first ?? "")
        if process.noNewPrivileges { try identity.keep(capabilities) }
        if let profile = process.appArmorProfile {
            try attempt("security_opt") { () throws(SystemError) in try AppArmor.confine(by: profile) }
        }
        // As late as can be: until execve(2) this process has all descriptors of the launcher, and can open no more under a
        // limit below their number.
        if !process.limits.contains(where: { $0.name == "nofile" }) {
            try attempt { () throws(SystemError) in try DescriptorLimit.restore() }
        }
        try attempt("security_opt") { () throws(SystemError) in try filter?.install() }
        if !process.noNewPrivileges { try identity.keep(capabilities) }
        Trace.record("become the program", since: start)
        Trace.end()
        if initProcess {
            throw failure(path, try InitProcess.run(path, process.arguments, environment))
        }
        withCStrings(process.arguments) { arguments in
            withCStrings(environment) { _ = execve(path, arguments, $0) }
        }
        throw failure(path, errno)
    }

    private static func give(_ stream: Int32, to identity: Identity) {
        var status = stat()
        if identity.uid != 0 && fstat(stream, &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ififo {
            fchown(stream, identity.uid, identity.gid)
        }
    }

    /// As execvp(3) looks it up in the container's own PATH.
    private func find(_ name: String) throws(SetupFailure) -> String {
        if name.contains("/") {
            if access(name, F_OK) != 0 { throw failure(name, errno) }
            return name
        }
        let variable =
            environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5)
            ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        var refused: Int32 = ENOENT
        for directory in variable.split(separator: ":", omittingEmptySubsequences: false) where !name.isEmpty {
            let path = directory.isEmpty ? name : "\(directory)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & trice_s_ifmt != trice_s_ifdir else { continue }
            if access(path, X_OK) == 0 { return path }
            refused = errno
        }
        if refused == ENOENT {
            throw SetupFailure(
                "exec \"\(name)\"", reason: "executable file not found in $PATH", key: "command", exitCode: 127)
        }
        throw failure(name, refused)
    }

    /// 127 for what is not there, 126 for what cannot be executed, as docker run's exit codes.
    private func failure(_ name: String, _ number: Int32) -> SetupFailure {
        SetupFailure(
            "exec \"\(name)\"", errno: number, key: "command",
            exitCode: number == ENOENT || number == ENOTDIR ? 127 : 126)
    }

    private func setLimits() throws(SetupFailure) {
        for limit in process.limits {
            let resource = try limit.resource()
            try attempt("ulimits.\(limit.name)") { () throws(SystemError) in
                try check("setrlimit", limit.name) { trice_setrlimit(resource, limit.softValue, limit.hardValue) }
            }
        }
    }
}
