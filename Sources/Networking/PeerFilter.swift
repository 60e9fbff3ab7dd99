// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Tells the packets to and from some addresses from all others, by the headers of Ethernet, IPv4, IPv6 and ARP.
package struct PeerFilter: Sendable {
    private let addresses: Set<[UInt8]>

    package init(_ addresses: [IPv4Address], _ addresses6: [IPv6Address]) {
        self.addresses = Set(addresses.map(\.bytes) + addresses6.map(\.bytes))
    }

    /// - Parameter frame: from the Ethernet header on.
    package func passes(_ frame: [UInt8]) -> Bool {
        guard frame.count >= 14 else { return false }
        switch UInt16(frame[12]) << 8 | UInt16(frame[13]) {
        case 0x0800: return has(frame, 4, at: 26, 30)
        case 0x86DD: return has(frame, 16, at: 22, 38)
        case 0x0806: return has(frame, 4, at: 28, 38)
        default: return false
        }
    }

    private func has(_ frame: [UInt8], _ length: Int, at places: Int...) -> Bool {
        places.contains { place in
            frame.count >= place + length && addresses.contains(Array(frame[place..<(place + length)]))
        }
    }
}
