// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CSeccomp

/// How code of some architecture makes the call of a name.
struct SystemCall: Hashable {
    var number: UInt32
    /// Where the call goes through another one, socketcall(2) or ipc(2): that one's first argument.
    var selector: UInt64?

    /// All ways to make the call; none where the architecture has no such call.
    static func named(_ name: String, on architecture: SeccompArchitecture) -> [SystemCall] {
        let number = seccomp_syscall_resolve_name_arch(architecture.libraryToken, name)
        if number >= 0 { return [SystemCall(number: UInt32(number))] }
        if number == -1 {
            if name == "uretprobe" && architecture == .amd64 { return [SystemCall(number: 335)] }
            return recent[name].map { [SystemCall(number: $0 | architecture.base)] } ?? []
        }
        guard architecture == .x86 else { return [] }
        // libseccomp writes socketcall's calls as -100 - n and ipc's as -200 - n (its include/seccomp-syscalls.h).
        var ways = direct[name].map { [SystemCall(number: $0)] } ?? []
        switch number {
        case -199 ... -101: ways.append(SystemCall(number: 102, selector: UInt64(-100 - number)))
        case -299 ... -201: ways.append(SystemCall(number: 117, selector: UInt64(-200 - number)))
        default: break
        }
        return ways
    }

    /// Whether any architecture that trice knows has a call of this name.
    static func isKnown(_ name: String) -> Bool {
        recent[name] != nil || seccomp_syscall_resolve_name_arch(SeccompArchitecture.amd64.libraryToken, name) != -1
    }

    /// Calls younger than libseccomp 2.5, which have the same number everywhere but on alpha (Linux,
    /// scripts/syscall.tbl).
    private static let recent: [String: UInt32] = [
        "cachestat": 451, "fchmodat2": 452, "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455,
        "futex_requeue": 456, "statmount": 457, "listmount": 458, "lsm_get_self_attr": 459, "lsm_set_self_attr": 460,
        "lsm_list_modules": 461, "mseal": 462, "setxattrat": 463, "getxattrat": 464, "listxattrat": 465,
        "removexattrat": 466, "open_tree_attr": 467, "file_getattr": 468, "file_setattr": 469,
    ]

    /// Calls that 32-bit x86 has beside socketcall and ipc (Linux, arch/x86/entry/syscalls/syscall_32.tbl).
    private static let direct: [String: UInt32] = [
        "recvmmsg": 337, "sendmmsg": 345, "socket": 359, "socketpair": 360, "bind": 361, "connect": 362, "listen": 363,
        "accept4": 364, "getsockopt": 365, "setsockopt": 366, "getsockname": 367, "getpeername": 368, "sendto": 369,
        "sendmsg": 370, "recvfrom": 371, "recvmsg": 372, "shutdown": 373, "semget": 393, "semctl": 394, "shmget": 395,
        "shmctl": 396, "shmat": 397, "shmdt": 398, "msgget": 399, "msgsnd": 400, "msgrcv": 401, "msgctl": 402,
    ]
}

extension SeccompArchitecture {
    /// SCMP_ARCH_*, seccomp.h.
    fileprivate var libraryToken: UInt32 { self == .x32 ? 0x4000_003e : audit }
}
