// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Testing

@testable import Netlink

/// What leads a container's name queries to the resolver, as a transaction of nf_tables.
@Suite struct NetfilterTests {
    private static let resolver = RawAddress(bytes: [127, 0, 0, 11])

    private static func rule(_ transport: NetfilterRequest.Transport, to port: UInt16) -> NetlinkRequest {
        NetfilterRequest.addRedirection(of: transport, resolver, port: 53, to: port, chain: "output", in: "trice")
    }

    @Test func `requests are as nft sends them`() throws {
        // What strace(1) shows of nft 1.0.6 for the commands that these requests name.
        let requests = [
            NetfilterRequest.bracket(.NFNL_MSG_BATCH_BEGIN), NetfilterRequest.addTable("trice"),
            NetfilterRequest.addOutputNATChain("output", in: "trice"), NetfilterRequest.flush("output", in: "trice"),
            Self.rule(.udp, to: 61_000), Self.rule(.tcp, to: 61_001), NetfilterRequest.bracket(.NFNL_MSG_BATCH_END),
        ]
        let encoded = try requests.enumerated().flatMap { try $1.encoded(sequence: UInt32($0)) }
        #expect(
            encoded
                == hex(
                    """
                    14 00 00 00 10 00 01 00 00 00 00 00 00 00 00 00 00 00 00 0a
                    28 00 00 00 00 0a 01 00 01 00 00 00 00 00 00 00 02 00 00 00 0a 00 01 00 74 72 69 63 65 00 00 00
                    08 00 02 00 00 00 00 00
                    50 00 00 00 03 0a 01 04 02 00 00 00 00 00 00 00 02 00 00 00 0a 00 01 00 74 72 69 63 65 00 00 00
                    0b 00 03 00 6f 75 74 70 75 74 00 00 08 00 07 00 6e 61 74 00 08 00 05 00 00 00 00 01 14 00 04 80
                    08 00 01 00 00 00 00 03 08 00 02 00 ff ff ff 9c
                    2c 00 00 00 08 0a 01 00 03 00 00 00 00 00 00 00 02 00 00 00 0a 00 01 00 74 72 69 63 65 00 00 00
                    0b 00 02 00 6f 75 74 70 75 74 00 00
                    d0 01 00 00 06 0a 01 0c 04 00 00 00 00 00 00 00 02 00 00 00 0a 00 01 00 74 72 69 63 65 00 00 00
                    0b 00 02 00 6f 75 74 70 75 74 00 00 a4 01 04 80 34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00
                    24 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 10 08 00 04 00
                    00 00 00 04 2c 00 01 80 08 00 01 00 63 6d 70 00 20 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00
                    00 00 00 00 0c 00 03 80 08 00 01 00 7f 00 00 0b 24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00
                    14 00 02 80 08 00 02 00 00 00 00 10 08 00 01 00 00 00 00 01 2c 00 01 80 08 00 01 00 63 6d 70 00
                    20 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 00 0c 00 03 80 05 00 01 00 11 00 00 00
                    34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00 24 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00
                    00 00 00 02 08 00 03 00 00 00 00 02 08 00 04 00 00 00 00 02 2c 00 01 80 08 00 01 00 63 6d 70 00
                    20 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 00 0c 00 03 80 06 00 01 00 00 35 00 00
                    2c 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00 18 00 02 80 08 00 01 00 00 00 00 01
                    0c 00 02 80 08 00 01 00 7f 00 00 0b 2c 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00
                    18 00 02 80 08 00 01 00 00 00 00 02 0c 00 02 80 06 00 01 00 ee 48 00 00 38 00 01 80 08 00 01 00
                    6e 61 74 00 2c 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 02 08 00 03 00 00 00 00 01
                    08 00 05 00 00 00 00 02 08 00 07 00 00 00 00 02
                    d0 01 00 00 06 0a 01 0c 05 00 00 00 00 00 00 00 02 00 00 00 0a 00 01 00 74 72 69 63 65 00 00 00
                    0b 00 02 00 6f 75 74 70 75 74 00 00 a4 01 04 80 34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00
                    24 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 10 08 00 04 00
                    00 00 00 04 2c 00 01 80 08 00 01 00 63 6d 70 00 20 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00
                    00 00 00 00 0c 00 03 80 08 00 01 00 7f 00 00 0b 24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00
                    14 00 02 80 08 00 02 00 00 00 00 10 08 00 01 00 00 00 00 01 2c 00 01 80 08 00 01 00 63 6d 70 00
                    20 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 00 0c 00 03 80 05 00 01 00 06 00 00 00
                    34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00 24 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00
                    00 00 00 02 08 00 03 00 00 00 00 02 08 00 04 00 00 00 00 02 2c 00 01 80 08 00 01 00 63 6d 70 00
                    20 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 00 0c 00 03 80 06 00 01 00 00 35 00 00
                    2c 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00 18 00 02 80 08 00 01 00 00 00 00 01
                    0c 00 02 80 08 00 01 00 7f 00 00 0b 2c 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00
                    18 00 02 80 08 00 01 00 00 00 00 02 0c 00 02 80 06 00 01 00 ee 49 00 00 38 00 01 80 08 00 01 00
                    6e 61 74 00 2c 00 02 80 08 00 01 00 00 00 00 01 08 00 02 00 00 00 00 02 08 00 03 00 00 00 00 01
                    08 00 05 00 00 00 00 02 08 00 07 00 00 00 00 02
                    14 00 00 00 11 00 01 00 06 00 00 00 00 00 00 00 00 00 00 0a
                    """))
        #expect(
            requests[4].words
                == "nft add rule ip trice output ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:61000")
    }

    @Test func `elements are as nft sends them`() throws {
        // What `nft --debug=mnl` 1.0.6 prints, but for the numbers that it gives sets and elements, which the kernel does not
        // look at.
        let subnets = NetfilterSet(.inet, "t", "subnets")
        let interval = [SetElement([172, 16, 9, 0]), SetElement([172, 16, 10, 0], isIntervalEnd: true)]
        let port = SetElement(
            SetElement.concatenation([[192, 0, 2, 2], [6], [0, 80]]),
            data: SetElement.concatenation([[172, 16, 1, 2], [0x1f, 0x90]]))
        let elements =
            "2c 00 03 80 10 00 01 80 0c 00 01 80 08 00 01 00 ac 10 09 00 18 00 01 80 08 00 03 00 00 00 00 01"
            + " 0c 00 01 80 08 00 01 00 ac 10 0a 00"
        let set = "01 00 00 00 06 00 01 00 74 00 00 00 0c 00 02 00 73 75 62 6e 65 74 73 00"
        let rows: [([NetlinkRequest], MessageType, String)] = [
            (NetfilterRequest.add(interval, to: subnets), .NFT_MSG_NEWSETELEM, "\(set) \(elements)"),
            (NetfilterRequest.delete(interval, from: subnets), .NFT_MSG_DELSETELEM, "\(set) \(elements)"),
            (
                NetfilterRequest.add([port], to: NetfilterSet(.inet, "t", "pub")), .NFT_MSG_NEWSETELEM,
                "01 00 00 00 06 00 01 00 74 00 00 00 08 00 02 00 70 75 62 00 2c 00 03 80 28 00 01 80 14 00 01 80"
                    + " 10 00 01 00 c0 00 02 02 06 00 00 00 00 50 00 00 10 00 02 80 0c 00 01 00 ac 10 01 02 1f 90 00 00"
            ),
        ]
        for (requests, type, bytes) in rows {
            #expect(requests.map(\.type) == [type])
            #expect(requests.first?.body.bytes == hex(bytes))
        }
        #expect(NetfilterRequest.delete([port], from: subnets)[0].body.bytes.count < 80, "by its key alone")
        #expect(NetfilterRequest.add([], to: subnets).isEmpty)
        let many = (0..<1000).map { SetElement([1, 2, UInt8($0 >> 8), UInt8($0 & 255)]) }
        #expect(NetfilterRequest.add(many, to: subnets).allSatisfy { !$0.body.isOversized })
    }

    @Test(
        arguments: [
            ([], nil), ([0], nil), ([0, 9], ""), ([0, 3, 97, 98, 0], "ab"), ([1, 1, 7, 0, 2, 97, 0], "a"),
            ([1, 200, 7], nil), ([0, 3, 97, 98, 99, 1, 0], "abc"),
        ] as [([UInt8], String?)])
    func `a table's comment is found in whatever data it has`(_ row: (data: [UInt8], comment: String?)) throws {
        let message = NetlinkRequest(.NFT_MSG_NEWTABLE, words: "") {
            $0.append([1, 0, 0, 0])
            $0.attribute(NFTA_TABLE.NAME, "trice_t")
            $0.attribute(NFTA_TABLE.USERDATA, row.data)
        }
        let table = try NetfilterTable(body: message.body.bytes[...])
        #expect((table.family, table.name, table.comment) == (.inet, "trice_t", row.comment))
    }

    @Test(.enabled(if: isRoot, "needs root")) func `a transaction is done as a whole or not at all`() throws {
        try inOwnNamespace {
            let socket = try NetlinkSocket(.NETLINK_NETFILTER)
            let table = [
                NetfilterRequest.addTable("trice"), NetfilterRequest.addOutputNATChain("output", in: "trice"),
            ]
            // Twice, as the second finds what the first has made.
            for _ in 0..<2 {
                try socket.commit(
                    table + [NetfilterRequest.flush("output", in: "trice"), Self.rule(.udp, to: 61_000)])
            }
            let refused = [NetfilterRequest.addTable("other"), NetfilterRequest.flush("none", in: "other")]
            let error = #expect(throws: NetlinkError.self) { try socket.commit(refused) }
            #expect(error?.errno == 2)
            #expect("\(error!)".hasPrefix("nft flush chain ip other none: "))
            // What is not there cannot be flushed: the transaction before left nothing.
            #expect(throws: NetlinkError.self) {
                try socket.commit([NetfilterRequest.flush("output", in: "other")])
            }
            try socket.commit([NetfilterRequest.flush("output", in: "trice")])
        }
    }
}
