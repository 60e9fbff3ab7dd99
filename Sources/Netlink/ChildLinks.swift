// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Who reaches whom by a macvlan (ip-link(8), MACVLAN).
package enum MacvlanMode: String, Codable, CaseIterable, Sendable {
    case `private`, vepa, bridge, passthru

    /// `enum macvlan_mode` of uapi linux/if_link.h.
    var number: UInt32 {
        switch self {
        case .private: 1
        case .vepa: 2
        case .bridge: 4
        case .passthru: 8
        }
    }
}

/// Where an ipvlan's packets are switched or routed (ip-link(8), IPVLAN).
package enum IPVLANMode: String, Codable, CaseIterable, Sendable {
    case l2, l3, l3s

    /// `enum ipvlan_mode` of uapi linux/if_link.h.
    var number: UInt16 {
        switch self {
        case .l2: 0
        case .l3: 1
        case .l3s: 2
        }
    }
}

/// Who reaches whom by an ipvlan (ip-link(8), IPVLAN).
package enum IPVLANFlag: String, Codable, CaseIterable, Sendable {
    case bridge, `private`, vepa

    /// `IPVLAN_F_*` of uapi linux/if_link.h.
    var number: UInt16 {
        switch self {
        case .bridge: 0
        case .private: 1
        case .vepa: 2
        }
    }
}

extension LinkRequest {
    /// `ip link add link PARENT name NAME netns … type macvlan mode MODE`: born in its namespace, down.
    package static func addMacvlan(_ link: End, on parent: Int32, _ mode: MacvlanMode) -> NetlinkRequest {
        add(link, on: parent, kind: "macvlan", " mode \(mode.rawValue)") {
            $0.attribute(IFLA_MACVLAN.MODE, mode.number)
        }
    }

    /// `ip link add link PARENT name NAME netns … type ipvlan mode MODE FLAG`: born in its namespace, down.
    package static func addIPVLAN(
        _ link: End, on parent: Int32, _ mode: IPVLANMode, _ flag: IPVLANFlag
    ) -> NetlinkRequest {
        add(link, on: parent, kind: "ipvlan", " mode \(mode.rawValue) \(flag.rawValue)") {
            $0.attribute(IFLA_IPVLAN.MODE, mode.number)
            $0.attribute(IFLA_IPVLAN.FLAGS, flag.number)
        }
    }

    /// `ip link add link PARENT name NAME type vlan id ID` (IEEE 802.1Q): ids are from 1 to 4094.
    package static func addVLAN(_ link: End, on parent: Int32, id: UInt16) -> NetlinkRequest {
        add(link, on: parent, kind: "vlan", " id \(id)") { $0.attribute(IFLA_VLAN.ID, id) }
    }

    /// `ip link add NAME type dummy`: a link that leads nowhere.
    package static func addDummy(_ link: End) -> NetlinkRequest { add(link, on: nil, kind: "dummy", "") { _ in } }

    private static func add(
        _ link: End, on parent: Int32?, kind: String, _ options: String, _ data: (inout MessageBuilder) -> Void
    ) -> NetlinkRequest {
        let words = "ip link add\(parent.map { " link if\($0)" } ?? "") name \(link.name) type \(kind)\(options)"
        return NetlinkRequest(.RTM_NEWLINK, [.NLM_F_CREATE, .NLM_F_EXCL], words: words) { message in
            header(&message)
            end(&message, link)
            if let parent { message.attribute(IFLA.LINK, parent) }
            message.nested(IFLA.LINKINFO) {
                $0.attribute(IFLA_INFO.KIND, kind)
                $0.nested(IFLA_INFO.DATA, data)
            }
        }
    }
}
