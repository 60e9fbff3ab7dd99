// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CSeccomp
import Glibc
import Testing

@testable import Linux

#if arch(x86_64)
    /// The filter that trice puts together decides as the one that libseccomp puts together from the same rules.
    @Suite struct SeccompLibraryTests {
        /// libseccomp's program for a profile whose rules do not contradict each other.
        private func compiled(_ profile: SeccompProfile) throws -> [UInt64] {
            let filter = try #require(seccomp_init(profile.defaultAction.value))
            defer { seccomp_release(filter) }
            for token in [0x4000_0003, 0x4000_003e] as [UInt32] { #expect(seccomp_arch_add(filter, token) == 0) }
            for rule in profile.rules {
                let arguments = rule.arguments.map { argument in
                    var test = scmp_arg_cmp()
                    test.arg = UInt32(argument.index)
                    (test.op, test.datum_a, test.datum_b) =
                        switch argument.comparison {
                        case .notEqual: (SCMP_CMP_NE, argument.value, 0)
                        case .less: (SCMP_CMP_LT, argument.value, 0)
                        case .lessOrEqual: (SCMP_CMP_LE, argument.value, 0)
                        case .equal: (SCMP_CMP_EQ, argument.value, 0)
                        case .greaterOrEqual: (SCMP_CMP_GE, argument.value, 0)
                        case .greater: (SCMP_CMP_GT, argument.value, 0)
                        case .masked(let mask): (SCMP_CMP_MASKED_EQ, mask, argument.value)
                        }
                    return test
                }
                for name in rule.names {
                    let number = seccomp_syscall_resolve_name(name)
                    // -1: a call younger than this libseccomp.
                    if number == -1 { continue }
                    let result = seccomp_rule_add_array(
                        filter, rule.action.value, number, UInt32(arguments.count), arguments)
                    #expect(result == 0, "\(name): \(errnoName(-result))")
                }
            }
            let pipe = try Descriptor.pipe()
            #expect(seccomp_export_bpf(filter, pipe.write.raw) == 0)
            pipe.write.close()
            let flags = [UInt8](repeating: 0, count: 8)
            return try #require(SeccompFilter(bytes: flags + pipe.read.read(upTo: 8 * SeccompFilter.longest)))
                .instructions
        }

        /// The values around those that Docker's rules compare with.
        private static let values: [UInt64] = [
            0, 1, 2, 7, 8, 9, 37, 38, 39, 40, 41, 0x2_0000, 0x2_0008, 0x40000, 0x200_0000, 0x1000_0000, 0x4000_0000,
            0x7e02_0000, 0xffff_ffff, 1 << 32, 1 << 32 | 38, .max,
        ]

        @Test(arguments: [[], CapabilitySet.docker, ["SYS_ADMIN"], ["BPF", "PERFMON", "SYS_NICE", "SYS_PTRACE"]])
        func `each call that the library knows comes to the same end, with any argument`(_ capabilities: [String])
            throws
        {
            let profile = SeccompProfile.docker(capabilities: CapabilitySet(names: capabilities))
            let own = SeccompFilter(profile).instructions
            let library = try compiled(profile)
            for architecture in [SeccompArchitecture.amd64, .x86, .x32] {
                let token = architecture == .x32 ? 0x4000_003e : architecture.audit
                for number in architecture.base...architecture.base + 450 {
                    guard let text = seccomp_syscall_resolve_num_arch(token, Int32(bitPattern: number)) else {
                        continue
                    }
                    defer { free(text) }
                    for value in Self.values {
                        let ours = decision(of: own, number, [value], on: architecture)
                        let theirs = decision(of: library, number, [value], on: architecture)
                        #expect(ours == theirs, "\(String(cString: text)) on \(architecture) with \(value)")
                    }
                }
            }
        }
    }
#endif
