// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Families of tables: `NFPROTO_*` of uapi linux/netfilter.h.
package enum NetfilterFamily: UInt8, Sendable, CustomStringConvertible {
    case inet = 1
    case ip = 2
    case bridge = 7

    package var description: String {
        switch self {
        case .inet: "inet"
        case .ip: "ip"
        case .bridge: "bridge"
        }
    }
}

/// A set or a map of a table.
package struct NetfilterSet: Hashable, Sendable {
    package let family: NetfilterFamily
    package let table: String
    package let name: String

    package init(_ family: NetfilterFamily, _ table: String, _ name: String) {
        (self.family, self.table, self.name) = (family, table, name)
    }

    fileprivate var words: String { "\(family) \(table) \(name)" }
}

/// An element of a set or of a map, in the bytes that the kernel compares.
package struct SetElement: Hashable, Sendable {
    package let key: [UInt8]
    /// What the key leads to in a map.
    package let data: [UInt8]?
    /// Whether an interval ends before this key.
    package let isIntervalEnd: Bool

    package init(_ key: [UInt8], data: [UInt8]? = nil, isIntervalEnd: Bool = false) {
        (self.key, self.data, self.isIntervalEnd) = (key, data, isIntervalEnd)
    }

    /// The bytes of a concatenation: each field begins at a multiple of four.
    package static func concatenation(_ fields: [[UInt8]]) -> [UInt8] {
        fields.reduce(into: []) { $0 += $1 + [UInt8](repeating: 0, count: -$1.count & 3) }
    }
}

extension NetfilterRequest {
    /// `nft add element …`: one that is there already is no error, unless it leads elsewhere (EBUSY or EEXIST).
    package static func add(_ elements: [SetElement], to set: NetfilterSet) -> [NetlinkRequest] {
        requests(.NFT_MSG_NEWSETELEM, "add", elements, set)
    }

    /// `nft delete element …`, whatever it leads to: one that is not there is ENOENT.
    package static func delete(_ elements: [SetElement], from set: NetfilterSet) -> [NetlinkRequest] {
        let keys = elements.map { SetElement($0.key, isIntervalEnd: $0.isIntervalEnd) }
        return requests(.NFT_MSG_DELSETELEM, "delete", keys, set)
    }

    /// A list of elements is an attribute, whose length has 16 bits.
    private static let mostElements = 400

    private static func requests(
        _ type: MessageType, _ verb: String, _ elements: [SetElement], _ set: NetfilterSet
    ) -> [NetlinkRequest] {
        stride(from: 0, to: elements.count, by: mostElements).map { start in
            let part = elements[start..<min(start + mostElements, elements.count)]
            return request(type, [], set.family, words: "nft \(verb) element \(set.words) (\(part.count))") {
                $0.attribute(NFTA_SET_ELEM_LIST.TABLE, set.table)
                $0.attribute(NFTA_SET_ELEM_LIST.SET, set.name)
                $0.nested(NFTA_SET_ELEM_LIST.ELEMENTS) { list in
                    for element in part { list.nested(NFTA_LIST.ELEM) { write(element, to: &$0) } }
                }
            }
        }
    }

    private static func write(_ element: SetElement, to message: inout MessageBuilder) {
        if element.isIntervalEnd {
            message.attribute(NFTA_SET_ELEM.FLAGS, UInt32(1 /* NFT_SET_ELEM_INTERVAL_END */).bigEndian)
        }
        message.nested(NFTA_SET_ELEM.KEY) { $0.attribute(NFTA_DATA.VALUE, element.key) }
        if let data = element.data {
            message.nested(NFTA_SET_ELEM.DATA) { $0.attribute(NFTA_DATA.VALUE, data) }
        }
    }

    /// `nft list set …`: an answer a part of the elements; ENOENT where there is no such set.
    package static func elements(of set: NetfilterSet) -> NetlinkQuery<NetfilterElements> {
        NetlinkQuery(
            request(.NFT_MSG_GETSETELEM, .NLM_F_DUMP, set.family, words: "nft list set \(set.words)") {
                $0.attribute(NFTA_SET_ELEM_LIST.TABLE, set.table)
                $0.attribute(NFTA_SET_ELEM_LIST.SET, set.name)
            })
    }
}

/// Elements of a set, as the kernel lists them.
package struct NetfilterElements: NetlinkRecord, Hashable {
    package static let messageType = MessageType.NFT_MSG_NEWSETELEM

    package let isEmpty: Bool

    package init(body: ArraySlice<UInt8>) throws(NetlinkError) {
        var cursor = MessageCursor(body)
        _ = try cursor.take(4, "struct nfgenmsg")
        isEmpty = try cursor.attributes().bytes(NFTA_SET_ELEM_LIST.ELEMENTS)?.isEmpty ?? true
    }
}

private enum NFTA_SET_ELEM_LIST: UInt16, AttributeFamily {
    case TABLE = 1
    case SET = 2
    case ELEMENTS = 3
}

private enum NFTA_SET_ELEM: UInt16, AttributeFamily {
    case KEY = 1
    case DATA = 2
    case FLAGS = 3
}
