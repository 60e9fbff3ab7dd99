// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CCap
import CLinux
import Glibc

/// A set of capabilities, see capabilities(7).
package struct CapabilitySet: Hashable, Sendable {
    /// Bit n stands for the capability of number n.
    package private(set) var bits: UInt64

    package init() { bits = 0 }

    /// The numbers that this kernel knows, from 0 to CAP_LAST_CAP.
    package static var all: CapabilitySet {
        var set = CapabilitySet()
        var number: cap_value_t = 0
        while cap_get_bound(number) >= 0 {
            set.bits |= 1 << UInt64(number)
            number += 1
        }
        return set
    }

    /// What this process may have: a container cannot be given more, whatever it asks for.
    package static var permitted: CapabilitySet {
        get throws(SystemError) {
            guard let state = cap_get_proc() else { throw SystemError("cap_get_proc") }
            defer { cap_free(UnsafeMutableRawPointer(state)) }
            var set = CapabilitySet()
            var number: cap_value_t = 0
            var value = CAP_CLEAR
            while cap_get_flag(state, number, CAP_PERMITTED, &value) == 0, number < 64 {
                if value == CAP_SET && cap_get_bound(number) == 1 { set.bits |= 1 << UInt64(number) }
                number += 1
            }
            return set
        }
    }

    /// The numbers in it, ascending, as text.
    package var names: [String] { (0..<64).filter { contains($0) }.map { "\($0)" } }

    /// What Docker gives a container by default (moby, daemon/pkg/oci/caps/defaults.go).
    package static let docker: [String] = [
        "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
        "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
    ]

    /// The number of a capability named as in a Compose file: `NET_ADMIN`, `CAP_NET_ADMIN` or `net_admin`.
    package static func number(of name: String) -> Int32? {
        if let number = Int32(name) { return (0..<64).contains(number) ? number : nil }
        var lower = name.lowercased()
        if !lower.hasPrefix("cap_") { lower = "cap_" + lower }
        // cap_from_name(3) stops at what is no part of a name and takes what is before.
        guard lower.utf8.allSatisfy({ (0x61...0x7a).contains($0) || $0 == 0x5f || (0x30...0x39).contains($0) }) else {
            return nil
        }
        var value: cap_value_t = 0
        return cap_from_name(lower, &value) == 0 ? value : nil
    }

    /// The set of these names. A name that the kernel does not know is left out: validate with `number(of:)` before.
    package init(names: some Sequence<String>) {
        bits = 0
        for name in names {
            if let number = CapabilitySet.number(of: name) { bits |= 1 << UInt64(number) }
        }
    }

    package func contains(_ number: Int32) -> Bool { bits & (1 << UInt64(number)) != 0 }

    package func contains(named name: String) -> Bool { CapabilitySet.number(of: name).map(contains) ?? false }

    package func intersection(_ other: CapabilitySet) -> CapabilitySet {
        var set = self
        set.bits &= other.bits
        return set
    }

    /// Removes from this process's bounding set whatever is not in this set.
    package func limitBounding() throws(SystemError) {
        var number: cap_value_t = 0
        while true {
            let present = cap_get_bound(number)
            if present < 0 { return }
            if present == 1 && !contains(number) {
                try check("cap_drop_bound") { cap_drop_bound(number) }
            }
            number += 1
        }
    }

    /// Makes this set the process's permitted and effective capabilities, with nothing inheritable or ambient.
    package func apply() throws(SystemError) {
        guard let state = cap_init() else { throw SystemError("cap_init") }
        defer { cap_free(UnsafeMutableRawPointer(state)) }
        var values: [cap_value_t] = (0..<64).filter { contains($0) }
        if !values.isEmpty {
            let count = Int32(values.count)
            try check("cap_set_flag") { cap_set_flag(state, CAP_PERMITTED, count, &values, CAP_SET) }
            try check("cap_set_flag") { cap_set_flag(state, CAP_EFFECTIVE, count, &values, CAP_SET) }
        }
        try check("cap_set_proc") { cap_set_proc(state) }
    }
}
