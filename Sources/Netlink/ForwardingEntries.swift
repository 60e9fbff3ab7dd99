// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Requests about what a bridge knows of its ports: behind which of them each hardware address is (bridge(8), `fdb`).
package enum ForwardingRequest {
    /// `bridge fdb replace aa:bb:… dev PORT master static`: frames for the address go to this port, whatever the bridge had
    /// learnt, until the port is gone or sees the address send elsewhere.
    ///
    /// - Parameter port: the index of a link that is a port of a bridge.
    package static func replace(_ hardwareAddress: [UInt8], port: Int32) -> NetlinkRequest {
        let words = "bridge fdb replace \(hardwareAddressText(hardwareAddress)) dev if\(port) master static"
        return NetlinkRequest(.RTM_NEWNEIGH, [.NLM_F_CREATE, .NLM_F_REPLACE], words: words) { message in
            // struct ndmsg
            message.append(AddressFamily.AF_BRIDGE.rawValue)
            message.zeros(3)
            message.append(port)
            message.append(NUD_NOARP)
            message.append(NTF_MASTER)
            message.append(UInt8(0))
            message.attribute(NDA.LLADDR, hardwareAddress)
        }
    }
}
