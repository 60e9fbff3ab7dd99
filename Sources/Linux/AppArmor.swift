// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// AppArmor profiles, apparmor(7): what a program may do whatever its ids and capabilities are.
package enum AppArmor {
    /// Whether the kernel enforces profiles, and the host can load one and see which are there.
    package static let isThere: Bool = {
        do throws(SystemError) {
            return try readText("/sys/module/apparmor/parameters/enabled") == "Y\n" && exists(profiles)
                && parser != nil
        } catch { return false }  // no such module
    }()

    private static let profiles = "/sys/kernel/security/apparmor/profiles"
    private static let parser = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"].first { exists($0) }

    /// Whether a profile of that name is in the kernel.
    package static func isLoaded(_ name: String) throws(SystemError) -> Bool {
        // A line each: `name (enforce)`.
        try readText(profiles, limit: 1 << 24).split(separator: "\n").contains { $0.hasPrefix("\(name) (") }
    }

    /// Loads `defaultProfile`, by apparmor_parser(8).
    ///
    /// - Parameter directory: where the profile's text may be written for the moment.
    /// - Throws: what the parser says, or why it cannot be run.
    package static func loadDefault(by directory: String) throws(LoadFailure) {
        let path = "\(directory)/\(defaultProfile).apparmor"
        let outcome: ChildProgram.Outcome
        do throws(SystemError) { try writeAtomically(path, Array(profile.utf8), durable: false) } catch {
            throw LoadFailure(description: "\(error)")
        }
        defer { unlink(path) }
        do throws(ChildProgram.Failure) {
            outcome = try ChildProgram.run(
                [parser ?? "apparmor_parser", "--replace", "--skip-cache", path], environment: ["LC_ALL=C"], seconds: 30
            )
        } catch {
            switch error {
            case .system(let error): throw LoadFailure(description: "\(error)")
            case .timeout: throw LoadFailure(description: "apparmor_parser did not end, and was killed")
            }
        }
        if outcome.status != .exited(0) {
            throw LoadFailure(description: "apparmor_parser: \(String(decoding: outcome.output, as: UTF8.self))")
        }
    }

    package struct LoadFailure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Puts the calling process under a profile, for good.
    ///
    /// - Throws: ENOENT where no such profile is loaded.
    package static func confine(by name: String) throws(SystemError) {
        let file = "/proc/self/attr/apparmor/current"
        do throws(SystemError) {
            try Descriptor.open(exists(file) ? file : "/proc/self/attr/current", O_WRONLY)
                .writeAll("changeprofile \(name)".utf8)
        } catch { throw SystemError("change profile", name, errno: error.errno) }
    }

    package static let defaultProfile = "trice-default"

    /// What Docker's profile allows: all but mounts, the kernel's own settings and memory, and processes that are under
    /// another profile.
    private static let profile = """
        #include <tunables/global>
        profile \(defaultProfile) flags=(attach_disconnected,mediate_deleted) {
          file,
          network,
          capability,
          umount,
          deny network alg,
          deny mount,
          signal (receive) peer=unconfined,
          signal (send, receive) peer=\(defaultProfile),
          ptrace (trace, read, tracedby, readby) peer=\(defaultProfile),

          # Of /proc only a process' own directories, and the settings of shared memory.
          deny @{PROC}/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
          deny @{PROC}/sys/[^k]** w,
          deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,
          deny @{PROC}/sysrq-trigger rwklx,
          deny @{PROC}/kcore rwklx,

          # Of /sys nothing but cgroups.
          deny /sys/[^f]*/** wklx,
          deny /sys/f[^s]*/** wklx,
          deny /sys/fs/[^c]*/** wklx,
          deny /sys/fs/c[^g]*/** wklx,
          deny /sys/fs/cg[^r]*/** wklx,
          deny /sys/firmware/** rwklx,
          deny /sys/kernel/security/** rwklx,
          deny /sys/devices/virtual/powercap/** rwklx,
        }

        """
}
