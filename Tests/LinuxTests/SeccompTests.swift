// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Linux

#if arch(x86_64)
    @Suite struct SeccompTests {
        private func decide(
            _ filter: SeccompFilter, _ number: UInt32, _ arguments: [UInt64] = [],
            on architecture: SeccompArchitecture = .amd64
        ) -> UInt32 {
            decision(of: filter.instructions, number, arguments, on: architecture)
        }

        private static let allow = SeccompAction.allow.value
        private static let refuse = SeccompAction.fail(1).value
        private static let absent = SeccompAction.fail(38).value

        struct Call: CustomTestStringConvertible {
            let name: String
            let number: UInt32
            var arguments: [UInt64] = []
            var architecture = SeccompArchitecture.amd64
            var capabilities: [String] = CapabilitySet.docker
            let decision: UInt32
            var testDescription: String { "\(name) on \(architecture)" }
        }

        @Test(arguments: [
            Call(name: "read", number: 0, decision: allow),
            Call(name: "mount", number: 165, decision: refuse),
            Call(name: "mount with SYS_ADMIN", number: 165, capabilities: ["SYS_ADMIN"], decision: allow),
            Call(name: "keyctl with SYS_ADMIN", number: 250, capabilities: ["SYS_ADMIN"], decision: refuse),
            Call(name: "pivot_root with SYS_ADMIN", number: 155, capabilities: ["SYS_ADMIN"], decision: refuse),
            Call(name: "io_uring_setup", number: 425, decision: refuse),
            Call(name: "chroot", number: 161, decision: allow),
            Call(name: "chroot without SYS_CHROOT", number: 161, capabilities: [], decision: refuse),
            Call(name: "clone of a thread", number: 56, arguments: [0x3d_0f00], decision: allow),
            Call(name: "clone with CLONE_NEWUSER", number: 56, arguments: [0x1000_0000], decision: refuse),
            Call(
                name: "clone with CLONE_NEWUSER and SYS_ADMIN", number: 56, arguments: [0x1000_0000],
                capabilities: ["SYS_ADMIN"], decision: allow),
            Call(name: "clone3", number: 435, decision: absent),
            Call(name: "clone3 with SYS_ADMIN", number: 435, capabilities: ["SYS_ADMIN"], decision: allow),
            Call(name: "socket of AF_INET", number: 41, arguments: [2], decision: allow),
            Call(name: "socket of AF_ALG", number: 41, arguments: [38], decision: refuse),
            Call(name: "socket of AF_NFC", number: 41, arguments: [39], decision: allow),
            Call(name: "socket of AF_VSOCK", number: 41, arguments: [40], decision: refuse),
            Call(name: "socket of AF_XDP", number: 41, arguments: [44], decision: allow),
            Call(name: "socket with a high half", number: 41, arguments: [1 << 32 | 38], decision: allow),
            Call(name: "personality PER_LINUX32", number: 135, arguments: [8], decision: allow),
            Call(name: "personality ADDR_NO_RANDOMIZE", number: 135, arguments: [0x40000], decision: refuse),
            Call(name: "the question for the personality", number: 135, arguments: [0xffff_ffff], decision: allow),
            Call(name: "cachestat, younger than libseccomp", number: 451, decision: allow),
            Call(name: "uretprobe", number: 335, decision: allow),
            Call(name: "map_shadow_stack", number: 453, decision: allow),
            Call(name: "removexattrat, the youngest of the list", number: 466, decision: allow),
            Call(name: "open_tree_attr, younger than the list", number: 467, decision: absent),
            Call(name: "a call of years to come", number: 700, decision: absent),
            Call(name: "what a tracer left out", number: .max, decision: absent),
            Call(name: "32-bit read", number: 3, architecture: .x86, decision: allow),
            Call(name: "32-bit mount", number: 21, architecture: .x86, decision: refuse),
            Call(name: "32-bit socket of AF_ALG", number: 359, arguments: [38], architecture: .x86, decision: refuse),
            Call(name: "32-bit socket of AF_UNIX", number: 359, arguments: [1], architecture: .x86, decision: allow),
            Call(name: "32-bit socketcall", number: 102, arguments: [1], architecture: .x86, decision: allow),
            Call(name: "32-bit shmat", number: 397, architecture: .x86, decision: allow),
            Call(name: "32-bit clone3", number: 435, architecture: .x86, decision: absent),
            Call(name: "a 32-bit call of years to come", number: 700, architecture: .x86, decision: absent),
            Call(name: "x32 read", number: 0x4000_0000, architecture: .x32, decision: allow),
            Call(name: "x32 mount", number: 0x4000_00a5, architecture: .x32, decision: refuse),
            Call(name: "an x32 call of years to come", number: 0x4000_02bc, architecture: .x32, decision: absent),
            Call(name: "ARM", number: 3, architecture: .arm, decision: SeccompAction.killThread.value),
        ])
        func `the default decides as Docker's profile does`(_ call: Call) {
            let filter = SeccompFilter(.docker(capabilities: CapabilitySet(names: call.capabilities)))
            #expect(decide(filter, call.number, call.arguments, on: call.architecture) == call.decision)
        }

        @Test func `the default filter is small, and comes through a file unchanged`() throws {
            let filter = SeccompFilter(.docker(capabilities: CapabilitySet(names: CapabilitySet.docker)))
            #expect(filter.instructions.count < 1000)
            #expect(SeccompFilter(bytes: filter.bytes) == filter)
            #expect(SeccompFilter(bytes: []) == nil)
        }

        private static let edges: [UInt64] = [
            0, 1, 37, 38, 39, 0xffff_ffff, 1 << 32, 1 << 32 | 37, 1 << 32 | 38, 1 << 32 | 39, 2 << 32 | 38, 2 << 32,
            .max,
        ]

        @Test(arguments: [
            SeccompArgument.Comparison.notEqual, .less, .lessOrEqual, .equal, .greaterOrEqual, .greater,
            .masked(0x1_0000_00f0),
        ])
        func `an argument is compared as a 64-bit number`(_ comparison: SeccompArgument.Comparison) {
            for value in SeccompTests.edges {
                var profile = SeccompProfile(defaultAction: .allow, architectures: [.amd64])
                profile.rules = [SeccompRule(["read"], .fail(7), [SeccompArgument(2, comparison, value)])]
                let filter = SeccompFilter(profile)
                for argument in SeccompTests.edges {
                    let holds =
                        switch comparison {
                        case .notEqual: argument != value
                        case .less: argument < value
                        case .lessOrEqual: argument <= value
                        case .equal: argument == value
                        case .greaterOrEqual: argument >= value
                        case .greater: argument > value
                        case .masked(let mask): argument & mask == value
                        }
                    let decision = decide(filter, 0, [9, 9, argument])
                    #expect(
                        decision == (holds ? SeccompAction.fail(7) : .allow).value, "\(argument) \(comparison) \(value)"
                    )
                }
            }
        }

        @Test func `the first rule that matches decides, and tests of one argument are alternatives`() {
            var profile = SeccompProfile(defaultAction: .fail(1), architectures: [.amd64, .x86])
            profile.rules = [
                SeccompRule(["read"], .fail(5), [SeccompArgument(0, .equal, 3), SeccompArgument(1, .equal, 4)]),
                SeccompRule(["read"], .allow),
                SeccompRule(["read"], .killProcess),
                SeccompRule(["write"], .allow, [SeccompArgument(0, .equal, 1), SeccompArgument(0, .equal, 2)]),
            ]
            let filter = SeccompFilter(profile)
            let allow = SeccompAction.allow.value
            #expect(decide(filter, 0, [3, 4]) == SeccompAction.fail(5).value)
            #expect(decide(filter, 0, [3, 5]) == allow)
            #expect(decide(filter, 1, [1]) == allow && decide(filter, 1, [2]) == allow)
            #expect(decide(filter, 1, [3]) == SeccompAction.fail(1).value)
            // x32 is not among the architectures.
            #expect(decide(filter, 0x4000_0000, on: .x32) == SeccompAction.killThread.value)
        }

        @Test func `a rule on sockets binds 32-bit code that goes through socketcall`() {
            var profile = SeccompProfile(defaultAction: .allow)
            profile.rules = [
                SeccompRule(["socket"], .fail(13)), SeccompRule(["bind"], .fail(13), [SeccompArgument(0, .equal, 3)]),
            ]
            let filter = SeccompFilter(profile)
            let refuse = SeccompAction.fail(13).value, allow = SeccompAction.allow.value
            #expect(decide(filter, 359, on: .x86) == refuse && decide(filter, 102, [1], on: .x86) == refuse)
            #expect(decide(filter, 361, [3], on: .x86) == refuse && decide(filter, 361, [4], on: .x86) == allow)
            #expect(decide(filter, 102, [2], on: .x86) == refuse, "the arguments cannot be seen")
            #expect(decide(filter, 102, [3], on: .x86) == allow)
            profile = SeccompProfile(defaultAction: .fail(1))
            profile.rules = [SeccompRule(["bind"], .allow, [SeccompArgument(0, .equal, 3)])]
            #expect(decide(SeccompFilter(profile), 102, [2], on: .x86) == SeccompAction.fail(1).value)
        }

        // MARK: Documents

        private func profile(_ json: String, _ capabilities: [String] = []) throws -> SeccompProfile {
            try SeccompDocument.read(Array(json.utf8)).profile(
                capabilities: CapabilitySet(names: capabilities), kernel: (6, 1))
        }

        @Test func `a document in Docker's format becomes a profile`() throws {
            let profile = try profile(
                """
                {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 22,
                 "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                             {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": null}],
                 "syscalls": [
                  {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": null, "comment": "", "includes": {}, "excludes": {}},
                  {"name": "mkdir", "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
                  {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
                   "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
                  {"names": ["no_such_call"], "action": "SCMP_ACT_ALLOW"}]}
                """)
            var expected = SeccompProfile(defaultAction: .fail(22), architectures: [.amd64, .x86])
            expected.rules = [
                SeccompRule(["read", "write"], .allow), SeccompRule(["mkdir"], .fail(13)),
                SeccompRule(["clone"], .allow, [SeccompArgument(0, .masked(0x7e02_0000), 0)]),
                SeccompRule(["no_such_call"], .allow),
            ]
            #expect(profile == expected)
        }

        @Test(arguments: [
            ("", true), (#","includes":{"caps":["CAP_SYS_ADMIN"]}"#, true),
            (#","includes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]}"#, false),
            (#","excludes":{"caps":["CAP_BPF","CAP_SYS_ADMIN"]}"#, false), (#","excludes":{"caps":["CAP_BPF"]}"#, true),
            (#","includes":{"arches":["amd64"]}"#, true), (#","includes":{"arches":["arm64"]}"#, false),
            (#","excludes":{"arches":["amd64"]}"#, false), (#","includes":{"minKernel":"4.8"}"#, true),
            (#","includes":{"minKernel":"6.2"}"#, false), (#","excludes":{"minKernel":"6.1"}"#, false),
        ])
        func `a rule holds under its conditions`(_ row: (String, Bool)) throws {
            let json =
                #"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ALLOW"\#(row.0)}]}"#
            #expect(try profile(json, ["SYS_ADMIN"]).rules.isEmpty == !row.1)
        }

        @Test(arguments: [
            ("{", "it is not JSON"), ("[]", "it is not what belongs there (Dictionary<String, Any>)"),
            ("{}", "it has no defaultAction"),
            (#"{"defaultAction":"SCMP_ACT_NOTIFY"}"#, "defaultAction: SCMP_ACT_NOTIFY is not supported"),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ALLOW"}]}"#,
                "syscalls[0] needs either names or name"
            ),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdri"],"action":"SCMP_ACT_ERRNO"}]}"#,
                "syscalls[0]: there is no system call mkdri"
            ),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":4096}]}"#,
                "syscalls[0].action: 4096 is no errno"
            ),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}"#,
                "syscalls[0].args: a system call has no argument 6"
            ),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"EQ"}]}]}"#,
                "syscalls[0].args: EQ is no comparison"
            ),
            (#"{"defaultAction":"SCMP_ACT_ALLOW","flags":["X"]}"#, "the flag X is not supported"),
            (
                #"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86"}]}"#,
                "it has both architectures and archMap"
            ),
        ])
        func `a document that is no profile is refused with the reason`(_ row: (String, String)) {
            #expect(throws: SeccompDocument.Invalid(reason: row.1)) { try profile(row.0) }
        }
    }
#endif
