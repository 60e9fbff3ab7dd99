// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Which system calls a process may make: what a filter is compiled from. Words as in the OCI runtime spec,
/// config-linux.md, "Seccomp".
package struct SeccompProfile: Hashable, Sendable {
    /// What befalls a call that no rule matches.
    package var defaultAction: SeccompAction
    /// Kinds of code that may run; the calls of any other kind end the thread.
    package var architectures: [SeccompArchitecture]
    /// In the order to try: the first that matches decides.
    package var rules: [SeccompRule] = []
    /// SECCOMP_FILTER_FLAG_*, seccomp(2).
    package var flags: UInt32 = SeccompProfile.speculationAllowed

    /// SECCOMP_FILTER_FLAG_SPEC_ALLOW, Linux 4.17: no mitigation that slows the process down comes with the filter.
    package static let speculationAllowed: UInt32 = 1 << 2

    package init(defaultAction: SeccompAction, architectures: [SeccompArchitecture] = SeccompArchitecture.host) {
        (self.defaultAction, self.architectures) = (defaultAction, architectures)
    }
}

/// Some system calls with some arguments, and what befalls them.
package struct SeccompRule: Hashable, Sendable {
    package var names: [String]
    package var action: SeccompAction
    /// All of them must hold.
    package var arguments: [SeccompArgument] = []

    package init(_ names: [String], _ action: SeccompAction, _ arguments: [SeccompArgument] = []) {
        (self.names, self.action, self.arguments) = (names, action, arguments)
    }
}

/// A comparison of one of a call's arguments, as unsigned numbers.
package struct SeccompArgument: Hashable, Sendable {
    package enum Comparison: Hashable, Sendable {
        case notEqual, less, lessOrEqual, equal, greaterOrEqual, greater
        /// The argument's bits under the mask are equal to the value.
        case masked(UInt64)
    }
    /// From 0 to 5.
    package var index: Int
    package var comparison: Comparison
    package var value: UInt64
    /// Whether all 64 bits count, or the low half, which is all that code with words of 32 bits has.
    var isWide = true

    package init(_ index: Int, _ comparison: Comparison, _ value: UInt64) {
        (self.index, self.comparison, self.value) = (index, comparison, value)
    }
}

/// What befalls a call, seccomp(2).
package enum SeccompAction: Hashable, Sendable {
    case allow, killThread, killProcess, trap, log
    /// The call does nothing and returns this errno.
    case fail(UInt16)
    /// A tracer is told, with this number.
    case trace(UInt16)

    /// SECCOMP_RET_*, linux/seccomp.h.
    package var value: UInt32 {
        switch self {
        case .killProcess: 0x8000_0000
        case .killThread: 0
        case .trap: 0x0003_0000
        case .fail(let number): 0x0005_0000 | UInt32(number)
        case .trace(let number): 0x7ff0_0000 | UInt32(number)
        case .log: 0x7ffc_0000
        case .allow: 0x7fff_0000
        }
    }

    /// Whether the call is made.
    var lets: Bool { self == .allow || self == .log }
}

/// A kind of code that the kernel runs, each with call numbers of its own.
package enum SeccompArchitecture: String, Hashable, Sendable, CaseIterable {
    case amd64 = "SCMP_ARCH_X86_64"
    case x86 = "SCMP_ARCH_X86"
    case x32 = "SCMP_ARCH_X32"
    case arm64 = "SCMP_ARCH_AARCH64"
    case arm = "SCMP_ARCH_ARM"

    /// What this host's programs are, first, and what else its kernel may run.
    package static var host: [SeccompArchitecture] {
        #if arch(arm64)
            [.arm64, .arm]
        #else
            [.amd64, .x86, .x32]
        #endif
    }

    /// AUDIT_ARCH_*, linux/audit.h: what `seccomp_data.arch` says.
    var audit: UInt32 {
        switch self {
        case .amd64, .x32: 0xc000_003e
        case .x86: 0x4000_0003
        case .arm64: 0xc000_00b7
        case .arm: 0x4000_0028
        }
    }

    /// Whether arguments have 64 bits. Not with x32, as with libseccomp, though its code can set the high half too.
    var hasWideArguments: Bool { self == .amd64 || self == .arm64 }

    /// The number of its first call: x32's have bit 30 set (__X32_SYSCALL_BIT).
    var base: UInt32 { self == .x32 ? 0x4000_0000 : 0 }
}
