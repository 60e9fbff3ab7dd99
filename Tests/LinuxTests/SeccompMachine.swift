// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

@testable import Linux

/// What the kernel would decide: the program run over `struct seccomp_data`, linux/seccomp.h.
func decision(
    of instructions: [UInt64], _ number: UInt32, _ arguments: [UInt64], on architecture: SeccompArchitecture
) -> UInt32 {
    let words = arguments + Array(repeating: 0, count: 6 - arguments.count)
    var counter = 0
    var accumulator: UInt32 = 0
    while true {
        let word = instructions[counter]
        let operand = UInt32(word >> 32)
        counter += 1
        func jump(_ holds: Bool) { counter += Int(word >> (holds ? 16 : 24) & 0xff) }
        switch UInt16(truncatingIfNeeded: word) {
        case 0x20:
            switch operand {
            case 0: accumulator = number
            case 4: accumulator = architecture.audit
            default:
                let argument = words[Int(operand - 16) / 8]
                accumulator = UInt32(truncatingIfNeeded: operand % 8 == 0 ? argument : argument >> 32)
            }
        case 0x54: accumulator &= operand
        case 0x05: counter += Int(operand)
        case 0x15: jump(accumulator == operand)
        case 0x25: jump(accumulator > operand)
        case 0x35: jump(accumulator >= operand)
        case 0x06: return operand
        default: fatalError("no instruction of a filter: \(word)")
        }
    }
}
