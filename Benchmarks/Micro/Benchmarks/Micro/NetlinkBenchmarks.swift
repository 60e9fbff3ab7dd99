// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Benchmark
import Netlink

private let vethPair = LinkRequest.addVethPair(
    host: .init("tr-0123456789", master: 7, mtu: 1500),
    peer: .init("eth0", hardwareAddress: [2, 66, 172, 20, 0, 2], namespace: .descriptor(11), mtu: 1500))

func netlinkBenchmarks() {
    Benchmark("netlink, encode 100 veth pairs") { _ in
        for number in 0..<100 {
            let request = LinkRequest.addVethPair(
                host: .init("tr-0123456789", master: 7, mtu: 1500),
                peer: .init("eth0", hardwareAddress: [2, 66, 172, 20, 0, 2], namespace: .descriptor(11), mtu: 1500))
            blackHole(try request.encoded(sequence: UInt32(number + 1)))
        }
    }

    Benchmark("netlink, decode 100 links") { (_, datagram: [UInt8]) in
        for message in try NetlinkMessage.parse(datagram[...]) { blackHole(try Link(body: message.body)) }
    } setup: {
        // What is asked for reads as what there is: both are RTM_NEWLINK.
        try (1...100).flatMap { try vethPair.encoded(sequence: UInt32($0)) }
    }
}
