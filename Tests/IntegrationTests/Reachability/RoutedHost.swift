// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Networking

/// Another host with addresses of its own, whose packets for anywhere come to this one.
final class RoutedHost: OtherHost {
    let hostAddresses: [SocketAddress.Host]
    let addresses: [SocketAddress.Host]

    init(_ box: Sandbox) throws {
        let number = UInt32(getpid())
        // One of the 32,768 subnets of four of 198.18.0.0/15 (RFC 2544), and one of 2001:db8::/32.
        let first = 0xc612_0000 + number % 32_768 * 4
        let first6 = IPv6Address(high: 0x2001_0db8 << 32 | UInt64(number), low: 0)
        hostAddresses = [.v4(IPv4Address(first + 1)), .v6(IPv6Address(high: first6.high, low: 1))]
        addresses = [.v4(IPv4Address(first + 2)), .v6(IPv6Address(high: first6.high, low: 2))]
        try super.init(box, prefix: "rt")
        for (here, there) in zip(hostAddresses, addresses) {
            let length = here.isIPv6 ? "64" : "30"
            try ip(
                "addr", "add", "\(here.description)/\(length)", "dev", link, here.isIPv6 ? "nodad" : "scope",
                here.isIPv6 ? "" : "global")
            try inside(
                "addr", "add", "\(there.description)/\(length)", "dev", "eth0", there.isIPv6 ? "nodad" : "scope",
                here.isIPv6 ? "" : "global")
            // As an attacker on the same segment would set it: whatever is behind this host.
            try inside(here.isIPv6 ? "-6" : "-4", "route", "add", "default", "via", here.description)
        }
    }
}
