// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Writes a classic BPF program over `struct seccomp_data` (linux/filter.h, seccomp(2)) from its end to its beginning:
/// jumps go forwards only, so where one leads is written before it, and equal endings are shared.
struct SeccompAssembler {
    /// An instruction, counted from the program's end.
    typealias Place = Int

    enum Comparison: UInt16 {
        case equal = 0x15
        case greater = 0x25
        case greaterOrEqual = 0x35
    }

    /// One `struct sock_filter` a word (opcode, jump if true, jump if false, operand), the last first.
    private var reversed: [UInt64] = []
    private var endings: [UInt32: Place] = [:]

    var instructions: [UInt64] { reversed.reversed() }

    private mutating func emit(_ opcode: UInt16, _ operand: UInt32, _ yes: Int = 0, _ no: Int = 0) -> Place {
        reversed.append(UInt64(opcode) | UInt64(yes) << 16 | UInt64(no) << 24 | UInt64(operand) << 32)
        return reversed.count - 1
    }

    /// A = the 32 bits at this offset in `struct seccomp_data`: nr 0, arch 4, argument n from 16 + 8n.
    mutating func load(_ offset: Int, mask: UInt32 = .max, then place: Place) -> Place {
        if place != reversed.count - 1 { _ = emit(0x05, UInt32(reversed.count - place - 1)) }
        if mask != .max { _ = emit(0x54, mask) }
        return emit(0x20, UInt32(offset))
    }

    /// Ends with a SECCOMP_RET_ value.
    mutating func end(_ value: UInt32) -> Place {
        if let place = endings[value], reversed.count - place <= Self.reach { return place }
        let place = emit(0x06, value)
        endings[value] = place
        return place
    }

    /// Goes to one of two places, by how A compares with the value.
    mutating func jump(_ comparison: Comparison, _ value: UInt32, yes: Place, no: Place) -> Place {
        let (yes, no) = (near(yes), near(no))
        let here = reversed.count
        return emit(comparison.rawValue, value, here - yes - 1, here - no - 1)
    }

    /// A conditional jump leads at most 255 instructions on; two unconditional ones may stand between.
    private static let reach = 250

    private mutating func near(_ place: Place) -> Place {
        reversed.count - place <= Self.reach ? place : emit(0x05, UInt32(reversed.count - place - 1))
    }

    /// Goes to one of two places, by whether an argument passes the test. The halves are compared one after the other.
    mutating func test(_ test: SeccompArgument, yes: Place, no: Place) -> Place {
        switch test.comparison {
        case .equal: return equal(test, mask: .max, yes: yes, no: no)
        case .notEqual: return equal(test, mask: .max, yes: no, no: yes)
        case .masked(let mask): return equal(test, mask: mask, yes: yes, no: no)
        case .greater: return ordered(test, .greater, yes: yes, no: no)
        case .greaterOrEqual: return ordered(test, .greaterOrEqual, yes: yes, no: no)
        case .less: return ordered(test, .greaterOrEqual, yes: no, no: yes)
        case .lessOrEqual: return ordered(test, .greater, yes: no, no: yes)
        }
    }

    private mutating func equal(_ test: SeccompArgument, mask: UInt64, yes: Place, no: Place) -> Place {
        let lowIs = jump(.equal, test.low, yes: yes, no: no)
        let lower = load(test.offset, mask: UInt32(truncatingIfNeeded: mask), then: lowIs)
        guard test.isWide else { return lower }
        let highIs = jump(.equal, test.high, yes: lower, no: no)
        return load(test.offset + 4, mask: UInt32(mask >> 32), then: highIs)
    }

    private mutating func ordered(_ test: SeccompArgument, _ comparison: Comparison, yes: Place, no: Place) -> Place {
        let lowIs = jump(comparison, test.low, yes: yes, no: no)
        let lower = load(test.offset, then: lowIs)
        guard test.isWide else { return lower }
        let highIs = jump(.equal, test.high, yes: lower, no: no)
        let higher = jump(.greater, test.high, yes: yes, no: highIs)
        return load(test.offset + 4, then: higher)
    }
}

extension SeccompArgument {
    fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: value) }
    fileprivate var high: UInt32 { UInt32(value >> 32) }
    /// Of its low half in `struct seccomp_data`.
    fileprivate var offset: Int { 16 + 8 * index }
}
