// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux

/// A profile compiled for the kernel: a classic BPF program over `struct seccomp_data`, see seccomp(2).
///
/// The calls of an architecture are a search tree over ranges of numbers with an equal end, so any call is decided within
/// some ten instructions, and the kernel, which tries each number when the filter is installed, is quick to know which
/// are always allowed. From libseccomp come the numbers only: its own compiler took 13 to 24 ms for Docker's profile, and
/// the kernel 0.3 to 0.7 ms to install what came out.
package struct SeccompFilter: Hashable, Sendable {
    /// BPF_MAXINSNS, linux/bpf_common.h.
    package static let longest = 4096

    package let flags: UInt32
    /// One `struct sock_filter` a word: opcode, jump if true, jump if false, operand.
    package let instructions: [UInt64]

    package init(_ profile: SeccompProfile) {
        flags = profile.flags
        var program = SeccompAssembler()
        var next = program.end(SeccompAction.killThread.value)
        var audits: [UInt32] = []
        for architecture in profile.architectures where !audits.contains(architecture.audit) {
            audits.append(architecture.audit)
        }
        for audit in audits.reversed() {
            let ranges = SeccompFilter.ranges(of: profile, profile.architectures.filter { $0.audit == audit })
            let root = SeccompFilter.write(ranges[...], to: &program)
            let number = program.load(0, then: root)
            next = program.jump(.equal, audit, yes: number, no: next)
        }
        _ = program.load(4, then: next)
        instructions = program.instructions
    }

    /// What a file or a memory file carries to the process that installs it: the flags, then the instructions.
    package var bytes: [UInt8] {
        ([UInt64(flags)] + instructions).flatMap { word in withUnsafeBytes(of: word.littleEndian, Array.init) }
    }

    /// From `bytes`; nil for none at all, which stands for no filter.
    package init?(bytes: [UInt8]) {
        guard bytes.count >= 16 else { return nil }
        let words = stride(from: 0, to: bytes.count - 7, by: 8).map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) }
        }
        (flags, instructions) = (UInt32(truncatingIfNeeded: words[0]), Array(words.dropFirst()))
    }

    /// Binds this process and its descendants to it, for good. Needs no_new_privs or CAP_SYS_ADMIN.
    package func install() throws(SystemError) {
        try check("seccomp") { trice_seccomp_filter(flags, instructions, UInt16(clamping: instructions.count)) }
    }

    // MARK: From rules to ranges

    /// Numbers from `start` to the next range's, which all come to the same end.
    private struct Range {
        var start: UInt32
        var end: [Outcome]
    }

    /// What befalls a call whose arguments pass the tests. A list of them ends with one that has no tests.
    private struct Outcome: Hashable {
        var tests: [SeccompArgument]
        var action: SeccompAction
    }

    /// - Parameter architectures: those with this value of `seccomp_data.arch`.
    private static func ranges(of profile: SeccompProfile, _ architectures: [SeccompArchitecture]) -> [Range] {
        var ranges: [Range] = []
        func add(_ start: UInt32, _ end: [Outcome]) {
            if ranges.last?.start == start { ranges.removeLast() }
            if ranges.last?.end != end { ranges.append(Range(start: start, end: end)) }
        }
        let otherwise = [Outcome(tests: [], action: profile.defaultAction)]
        // As runc has it (libcontainer/seccomp/patchbpf): a C library that tries a call which is younger than the profile
        // must learn that there is none (ENOSYS), as only then it does without.
        let younger =
            profile.defaultAction.lets ? otherwise : [Outcome(tests: [], action: .fail(38))]
        for base in architectures[0].audit == SeccompArchitecture.x32.audit ? [0, SeccompArchitecture.x32.base] : [0] {
            guard let architecture = architectures.first(where: { $0.base == base }) else {
                add(base, [Outcome(tests: [], action: .killThread)])
                continue
            }
            let calls = outcomes(of: profile, on: architecture)
            add(base, otherwise)
            for (number, end) in calls.sorted(by: { $0.key < $1.key }) {
                add(number, end.last?.tests.isEmpty == true ? end : end + otherwise)
                add(number + 1, otherwise)
            }
            add((calls.keys.max() ?? base) + 1, younger)
        }
        // -1 is what a tracer makes of a call that is not to be made, ptrace(2).
        add(.max, younger)
        return ranges
    }

    private static func outcomes(
        of profile: SeccompProfile, on architecture: SeccompArchitecture
    ) -> [UInt32: [Outcome]] {
        var outcomes: [UInt32: [Outcome]] = [:]
        for rule in profile.rules {
            for call in rule.names.flatMap({ SystemCall.named($0, on: architecture) }) {
                var tests = rule.arguments
                if let selector = call.selector {
                    // The arguments stand in memory, where no filter can see them: no call is let through for them.
                    if !tests.isEmpty && rule.action.lets { continue }
                    tests = [SeccompArgument(0, .equal, selector)]
                }
                for index in tests.indices { tests[index].isWide = architecture.hasWideArguments }
                if outcomes[call.number]?.last?.tests.isEmpty == true { continue }
                // Two tests of one argument are alternatives, as runc has it (libcontainer/seccomp).
                if Set(tests.map(\.index)).count < tests.count {
                    outcomes[call.number, default: []] += tests.map { Outcome(tests: [$0], action: rule.action) }
                } else {
                    outcomes[call.number, default: []].append(Outcome(tests: tests, action: rule.action))
                }
            }
        }
        return outcomes
    }

    // MARK: From ranges to instructions

    /// A search tree.
    private static func write(_ ranges: ArraySlice<Range>, to program: inout SeccompAssembler) -> SeccompAssembler.Place
    {
        guard ranges.count > 1 else { return write(ranges.first?.end ?? [], to: &program) }
        let middle = ranges.startIndex + ranges.count / 2
        let above = write(ranges[middle...], to: &program)
        let below = write(ranges[..<middle], to: &program)
        return program.jump(.greaterOrEqual, ranges[middle].start, yes: above, no: below)
    }

    private static func write(_ outcomes: [Outcome], to program: inout SeccompAssembler) -> SeccompAssembler.Place {
        var next = 0
        for outcome in outcomes.reversed() {
            var place = program.end(outcome.action.value)
            for test in outcome.tests.reversed() { place = program.test(test, yes: place, no: next) }
            next = place
        }
        return next
    }
}
