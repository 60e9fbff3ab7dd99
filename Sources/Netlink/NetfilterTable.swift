// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A table of nf_tables, as the kernel tells of it.
package struct NetfilterTable: NetlinkRecord, Hashable {
    package static let messageType = MessageType.NFT_MSG_NEWTABLE

    /// Nil for one that trice has no tables in.
    package let family: NetfilterFamily?
    package let name: String
    /// What `comment` said when it was made.
    package let comment: String?

    package init(body: ArraySlice<UInt8>) throws(NetlinkError) {
        var cursor = MessageCursor(body)
        family = NetfilterFamily(rawValue: try cursor.number(UInt8.self, "a table's family"))
        _ = try cursor.take(3, "struct nfgenmsg")
        let attributes = try cursor.attributes()
        name = attributes.text(NFTA_TABLE.NAME) ?? ""
        comment = attributes.bytes(NFTA_TABLE.USERDATA).flatMap(NetfilterTable.comment)
    }

    /// The user's data is a list of type, length and value, a byte each of the former two; type 0 is the comment
    /// (libnftnl/udata.h).
    private static func comment(in data: ArraySlice<UInt8>) -> String? {
        var rest = data
        while let type = rest.popFirst(), let length = rest.popFirst() {
            if type == 0 { return String(decoding: rest.prefix(Int(length)).prefix { $0 != 0 }, as: UTF8.self) }
            rest = rest.dropFirst(Int(length))
        }
        return nil
    }
}

extension NetfilterRequest {
    /// `nft list table FAMILY NAME`, without what is in it; ENOENT where it is not there.
    package static func table(_ family: NetfilterFamily, _ name: String) -> NetlinkQuery<NetfilterTable> {
        NetlinkQuery(
            request(.NFT_MSG_GETTABLE, [], family, words: "nft list table \(family) \(name)") {
                $0.attribute(NFTA_TABLE.NAME, name)
            })
    }

    /// `nft list tables`
    package static var tables: NetlinkQuery<NetfilterTable> {
        NetlinkQuery(
            NetlinkRequest(.NFT_MSG_GETTABLE, .NLM_F_DUMP, words: "nft list tables") { $0.zeros(4) })
    }

    /// `nft delete table FAMILY NAME`, with all that is in it; ENOENT where it is not there.
    package static func deleteTable(_ family: NetfilterFamily, _ name: String) -> NetlinkRequest {
        request(.NFT_MSG_DELTABLE, [], family, words: "nft delete table \(family) \(name)") {
            $0.attribute(NFTA_TABLE.NAME, name)
        }
    }
}
