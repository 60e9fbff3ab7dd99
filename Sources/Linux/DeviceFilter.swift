// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// A rule that allows a container to use device nodes, as the OCI runtime spec and devices.allow have them.
package struct DeviceRule: Hashable, Sendable, Codable {
    /// nil: character and block devices.
    package var character: Bool?
    /// nil: any number.
    package var major: UInt32?
    package var minor: UInt32?
    package var read, write, mknod: Bool

    package init(
        character: Bool?, major: UInt32?, minor: UInt32?, read: Bool = true, write: Bool = true, mknod: Bool = true
    ) {
        (self.character, self.major, self.minor) = (character, major, minor)
        (self.read, self.write, self.mknod) = (read, write, mknod)
    }

    /// A rule of `device_cgroup_rules`: `c 10:200 rwm`, `b 8:* r`, `a *:* rw`.
    package init?(parsing text: String) {
        let fields = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 3, ["a", "b", "c"].contains(fields[0]) else { return nil }
        let numbers = fields[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard numbers.count == 2, numbers.allSatisfy({ $0 == "*" || UInt32($0) != nil }) else { return nil }
        guard !fields[2].isEmpty, fields[2].allSatisfy({ "rwm".contains($0) }) else { return nil }
        self.init(
            character: fields[0] == "a" ? nil : fields[0] == "c", major: UInt32(numbers[0]), minor: UInt32(numbers[1]),
            read: fields[2].contains("r"), write: fields[2].contains("w"), mknod: fields[2].contains("m"))
    }

    /// What Docker and runc allow: null, zero, full, random, urandom, tty, console, ptmx, pts/*; mknod(2) of anything,
    /// which gives nothing without the right to open it.
    package static let docker: [DeviceRule] = [
        DeviceRule(character: true, major: nil, minor: nil, read: false, write: false),
        DeviceRule(character: false, major: nil, minor: nil, read: false, write: false),
        DeviceRule(character: true, major: 1, minor: 3), DeviceRule(character: true, major: 1, minor: 5),
        DeviceRule(character: true, major: 1, minor: 7), DeviceRule(character: true, major: 1, minor: 8),
        DeviceRule(character: true, major: 1, minor: 9), DeviceRule(character: true, major: 5, minor: 0),
        DeviceRule(character: true, major: 5, minor: 1), DeviceRule(character: true, major: 5, minor: 2),
        DeviceRule(character: true, major: 136, minor: nil),
    ]
}

/// A BPF program (type BPF_PROG_TYPE_CGROUP_DEVICE) that lets pass what the rules allow and nothing else.
///
/// Context, from linux/bpf.h: `struct bpf_cgroup_dev_ctx { u32 access_type; u32 major; u32 minor; }`, where access_type
/// is `(access << 16) | type`, type 1 = block and 2 = character, access 1 = mknod, 2 = read, 4 = write.
package struct DeviceFilter {
    /// One `struct bpf_insn` a word: opcode, registers, offset, immediate.
    package let instructions: [UInt64]

    package init(_ rules: [DeviceRule]) {
        var code: [UInt64] = [
            // r2 = access_type & 0xffff (type), r3 = access_type >> 16 (access), r4 = major, r5 = minor
            Self.instruction(0x61, 2, 1, 0), Self.instruction(0xbc, 3, 2, 0), Self.instruction(0x54, 2, 0, 0, 0xffff),
            Self.instruction(0x74, 3, 0, 0, 16), Self.instruction(0x61, 4, 1, 4), Self.instruction(0x61, 5, 1, 8),
        ]
        for rule in rules {
            var tests: [(opcode: UInt8, register: UInt8, value: UInt32)] = []
            if let character = rule.character { tests.append((0x55, 2, character ? 2 : 1)) }
            if let major = rule.major { tests.append((0x55, 4, major)) }
            if let minor = rule.minor { tests.append((0x55, 5, minor)) }
            let refused: UInt32 = (rule.mknod ? 0 : 1) | (rule.read ? 0 : 2) | (rule.write ? 0 : 4)
            // JSET: where an access that the rule does not give is asked for, go on with the next rule.
            if refused != 0 { tests.append((0x45, 3, refused)) }
            for (index, test) in tests.enumerated() {
                let skip = Int16(tests.count - index - 1 + 2)
                code.append(Self.instruction(test.opcode, test.register, 0, skip, Int32(bitPattern: test.value)))
            }
            code += [Self.instruction(0xb7, 0, 0, 0, 1), Self.instruction(0x95, 0, 0, 0)]
            if tests.isEmpty {
                // It lets everything pass, and the kernel refuses a program with instructions that are never reached.
                instructions = code
                return
            }
        }
        instructions = code + [Self.instruction(0xb7, 0, 0, 0, 0), Self.instruction(0x95, 0, 0, 0)]
    }

    /// Loads the program into the kernel; the descriptor serves any number of cgroups. Linux 4.15.
    package func load() throws(SystemError) -> Descriptor {
        Descriptor(
            try check("bpf", "BPF_PROG_LOAD") { trice_bpf_load_device(instructions, UInt32(instructions.count)) })
    }

    /// Attaches a loaded program to a cgroup v2 directory.
    package static func attach(_ program: Descriptor, to cgroup: Descriptor) throws(SystemError) {
        try check("bpf", "BPF_PROG_ATTACH") { trice_bpf_attach_device(cgroup.raw, program.raw) }
    }

    private static func instruction(
        _ opcode: UInt8, _ destination: UInt8, _ source: UInt8, _ offset: Int16, _ immediate: Int32 = 0
    ) -> UInt64 {
        UInt64(opcode) | UInt64(destination | source << 4) << 8 | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: immediate)) << 32
    }
}
