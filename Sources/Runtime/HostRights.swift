// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

extension ProcessSpec {
    /// Gives a process what only the host's root may give, and the root of a user namespace may not take: its place
    /// before the OOM killer, and hard limits above the launcher's. The limits themselves are set last, as they may be
    /// too low for what is done until then.
    package func grantHostRights(to pid: pid_t) throws(SetupFailure) {
        if let oomScoreAdjustment {
            try attempt("oom_score_adj") { () throws(SystemError) in
                let file = pid == getpid() ? "/proc/self/oom_score_adj" : "/proc/\(pid)/oom_score_adj"
                try Descriptor.open(file, O_WRONLY).writeAll("\(oomScoreAdjustment)".utf8)
            }
        }
        for limit in limits {
            let resource = try limit.resource()
            try attempt("ulimits.\(limit.name)") { () throws(SystemError) in
                try check("prlimit", limit.name) { trice_raise_hard_limit(pid, resource, limit.hardValue) }
            }
        }
    }
}

extension ProcessSpec.ResourceLimit {
    var softValue: UInt64 { soft < 0 ? .max : UInt64(soft) }
    var hardValue: UInt64 { hard < 0 ? .max : UInt64(hard) }

    /// RLIMIT_* of linux/resource.h (asm-generic).
    func resource() throws(SetupFailure) -> Int32 {
        let names = [
            "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending",
            "msgqueue", "nice", "rtprio", "rttime",
        ]
        guard let number = names.firstIndex(of: name) else {
            throw SetupFailure("set limit \"\(name)\"", reason: "no such resource", key: "ulimits")
        }
        return Int32(number)
    }
}
