// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// A setting that the kernel keeps for one interface: a file of `/proc/sys/net` (proc_sys_net(5)).
package struct InterfaceSetting: Hashable, Sendable {
    /// `ipv4`, `ipv6` or `mpls`.
    private let family: Substring
    /// `conf`, `neigh`.
    private let group: Substring
    private let name: Substring
    private let value: Substring

    /// - Parameter text: `net.ipv4.conf.IFNAME.forwarding=1`, where the word `IFNAME` stands for the interface's name.
    package init?(_ text: Substring) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let parts = text[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { $0 == 0x5F || $0 == 0x2D || isAlphanumeric($0) }
        }
        guard parts.count == 5, isPlain, parts[0] == "net", parts[3] == "IFNAME",
            ["ipv4", "ipv6", "mpls"].contains(parts[1])
        else { return nil }
        (family, group, name, value) = (parts[1], parts[2], parts[4], text[text.index(after: equals)...])
    }

    /// Has the kernel keep it for an interface of the network namespace that this thread is in.
    package func apply(to interface: String) throws(SystemError) {
        let path = "/proc/sys/net/\(family)/\(group)/\(interface)/\(name)"
        try Descriptor.open(path, O_WRONLY).writeAll(Array(value.utf8))
    }
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}
