// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Testing

@testable import Linux

@Suite struct ProcessTests {
    @Test func `this process is known by its number and its start`() throws {
        let own = try #require(ProcessIdentity(runningPID: getpid()))
        #expect(own.pid == getpid())
        #expect(own.startTime > 0)
        #expect(ProcessIdentity(runningPID: getpid()) == own)
        #expect(own.openPidfd() != nil)
        #expect(ProcessIdentity(pid: own.pid, startTime: own.startTime + 1).openPidfd() == nil)
    }

    @Test func `a process that is gone is not found`() throws {
        let pid = try spawn("sleep", "1000")
        let identity = try #require(ProcessIdentity(runningPID: pid))
        #expect(identity.openPidfd() != nil)
        #expect(kill(pid, SIGKILL) == 0)
        var status: Int32 = 0
        #expect(waitpid(pid, &status, 0) == pid)
        #expect(Linux.ExitStatus(waitStatus: status) == .signaled(9))
        #expect(identity.openPidfd() == nil)
        #expect(ProcessIdentity(runningPID: pid) != identity)
        #expect(ProcessIdentity(runningPID: -1) == nil)
    }

    struct StatusRow: Sendable {
        let waitStatus: Int32
        let status: Linux.ExitStatus
        let code: Int32
        init(_ waitStatus: Int32, _ status: Linux.ExitStatus, _ code: Int32) {
            (self.waitStatus, self.status, self.code) = (waitStatus, status, code)
        }
    }

    @Test(arguments: [
        StatusRow(0, .exited(0), 0), StatusRow(0x0100, .exited(1), 1),
        StatusRow(0xff00, .exited(255), 255), StatusRow(9, .signaled(9), 137),
        StatusRow(15, .signaled(15), 143),
        // With a core dump.
        StatusRow(0x80 | 11, .signaled(11), 139),
    ])
    func `a wait status has the code that a shell shows`(_ row: StatusRow) {
        #expect(Linux.ExitStatus(waitStatus: row.waitStatus) == row.status)
        #expect(row.status.code == row.code)
    }

    @Test func `an unknown end has code 255`() { #expect(Linux.ExitStatus.unknown.code == 255) }
}

@Suite struct CapabilityTests {
    @Test(
        arguments: [
            ("CHOWN", 0), ("CAP_CHOWN", 0), ("net_admin", 12), ("Cap_Net_Raw", 13), ("SYS_ADMIN", 21), ("SETFCAP", 31),
            ("0", 0), ("63", 63),
            ("64", nil), ("-1", nil), ("", nil), ("CAP_", nil), ("NOPE", nil), ("CAP_CAP_CHOWN", nil), ("CHOWN ", nil),
            ("ALL", nil),
        ] as [(String, Int32?)])
    func `a capability is known by its name or number`(_ row: (String, Int32?)) {
        #expect(CapabilitySet.number(of: row.0) == row.1)
    }

    @Test func `Docker's set is the one that its containers show in CapBnd`() {
        #expect(CapabilitySet(names: CapabilitySet.docker).bits == 0xa804_25fb)
    }

    @Test func `sets hold what they were made of`() {
        let set = CapabilitySet(names: ["NET_ADMIN", "nope", "CHOWN"])
        #expect((0..<64).filter { set.contains($0) } == [0, 12])
        #expect(set.intersection(CapabilitySet(names: ["CHOWN", "KILL"])) == CapabilitySet(names: ["CHOWN"]))
        #expect(CapabilitySet().bits == 0)
        #expect(set.intersection(.all) == set)
        #expect(CapabilitySet.all.bits & (CapabilitySet.all.bits + 1) == 0)
    }
}

@Suite struct DeviceFilterTests {
    static let mknod: UInt32 = 1
    static let read: UInt32 = 2
    static let write: UInt32 = 4

    /// What the program answers, from the few instructions that it is made of.
    static func allows(_ filter: DeviceFilter, character: Bool, _ major: UInt32, _ minor: UInt32, _ access: UInt32)
        -> Bool?
    {
        let context = [access << 16 | (character ? 2 : 1), major, minor]
        var registers = [UInt64](repeating: 0, count: 11)
        var place = 0
        while filter.instructions.indices.contains(place) {
            let word = filter.instructions[place]
            let target = Int(word >> 8 & 0xf), source = Int(word >> 12 & 0xf)
            let offset = Int(Int16(truncatingIfNeeded: word >> 16))
            let immediate = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: word >> 32)))
            place += 1
            switch word & 0xff {
            case 0x61: registers[target] = UInt64(context[offset / 4])
            case 0xbc: registers[target] = registers[source] & 0xffff_ffff
            case 0x54: registers[target] = registers[target] & immediate & 0xffff_ffff
            case 0x74: registers[target] = (registers[target] & 0xffff_ffff) >> immediate
            case 0x55: if registers[target] != immediate { place += offset }
            case 0x45: if registers[target] & immediate != 0 { place += offset }
            case 0xb7: registers[target] = immediate
            case 0x95: return registers[0] == 1
            default: return nil
            }
        }
        return nil
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var rules = DeviceRule.docker
        var character = true
        let major: UInt32
        let minor: UInt32
        let access: UInt32
        let isAllowed: Bool
    }

    @Test(arguments: [
        Row(testDescription: "null is read and written", major: 1, minor: 3, access: read | write, isAllowed: true),
        Row(testDescription: "null is made", major: 1, minor: 3, access: mknod, isAllowed: true),
        Row(testDescription: "pts are read", major: 136, minor: 77, access: read, isAllowed: true),
        Row(testDescription: "mem is not read", major: 1, minor: 1, access: read, isAllowed: false),
        Row(testDescription: "mem may be made", major: 1, minor: 1, access: mknod, isAllowed: true),
        Row(
            testDescription: "a disk may be made", character: false, major: 8, minor: 0, access: mknod, isAllowed: true),
        Row(
            testDescription: "a disk is not written", character: false, major: 8, minor: 0, access: write,
            isAllowed: false),
        Row(
            testDescription: "a disk is not made and read", character: false, major: 8, minor: 0, access: mknod | read,
            isAllowed: false),
        Row(
            testDescription: "a block device of null's number is not read", character: false, major: 1, minor: 3,
            access: read, isAllowed: false),
        Row(testDescription: "no rules, no device", rules: [], major: 1, minor: 3, access: read, isAllowed: false),
        Row(
            testDescription: "a rule for all", rules: [DeviceRule(character: nil, major: nil, minor: nil)],
            character: false,
            major: 8, minor: 1, access: read | write | mknod, isAllowed: true),
        Row(
            testDescription: "a rule to read reads",
            rules: [DeviceRule(character: true, major: 10, minor: 200, write: false, mknod: false)],
            major: 10, minor: 200, access: read, isAllowed: true),
        Row(
            testDescription: "a rule to read does not write",
            rules: [DeviceRule(character: true, major: 10, minor: 200, write: false, mknod: false)],
            major: 10, minor: 200, access: read | write, isAllowed: false),
    ])
    func `a device is used as the rules allow`(_ row: Row) {
        let filter = DeviceFilter(row.rules)
        #expect(Self.allows(filter, character: row.character, row.major, row.minor, row.access) == row.isAllowed)
    }

    @Test func `a rule takes an instruction for each test and two for its answer`() {
        #expect(DeviceFilter([]).instructions.count == 8)
        // Nothing stands after a rule for all: the kernel refuses what is never reached.
        let all = DeviceRule(character: nil, major: nil, minor: nil)
        #expect(DeviceFilter([all]).instructions.count == 8)
        #expect(DeviceFilter([all, all] + DeviceRule.docker).instructions.count == 8)
        #expect(DeviceFilter([DeviceRule(character: true, major: 1, minor: 3)]).instructions.count == 13)
        // All its rules within what a kernel without BPF privileges takes.
        #expect(DeviceFilter(DeviceRule.docker).instructions.count == 8 + 2 * 4 + 8 * 5 + 4)
    }

    @Test(
        .enabled(if: isRoot),
        arguments: [
            [], DeviceRule.docker, [DeviceRule(character: nil, major: nil, minor: nil)],
            DeviceRule.docker + [DeviceRule(character: nil, major: nil, minor: nil)],
            [DeviceRule(character: nil, major: nil, minor: nil)] + DeviceRule.docker,
        ])
    func `the kernel takes the program`(_ rules: [DeviceRule]) throws {
        #expect(try DeviceFilter(rules).load().raw >= 0)
    }
}
