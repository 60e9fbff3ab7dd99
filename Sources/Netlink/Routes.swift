// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A route.
package struct Route: NetlinkRecord, Hashable {
    package static let messageType = MessageType.RTM_NEWROUTE

    package var family: UInt8
    package var prefixLength: UInt8
    /// `RT_TABLE_MAIN`, `local`, …
    package var table: UInt32
    /// `RTN_UNICAST`, …
    package var type: UInt8
    /// Network order; empty for a default route.
    package var destination: [UInt8]
    package var gateway: [UInt8]?
    package var interface: Int32?

    /// Reads `struct rtmsg` and its attributes (rtnetlink(7)).
    package init(body: ArraySlice<UInt8>) throws(NetlinkError) {
        var cursor = MessageCursor(body)
        family = try cursor.number(UInt8.self, "a route's family")
        prefixLength = try cursor.number(UInt8.self, "a route's prefix length")
        _ = try cursor.take(2, "a route's header")
        let shortTable = try cursor.number(UInt8.self, "a route's table")
        _ = try cursor.take(2, "a route's header")
        type = try cursor.number(UInt8.self, "a route's type")
        _ = try cursor.take(4, "a route's header")
        let attributes = try cursor.attributes()
        table = try attributes.number(RTA.TABLE, UInt32.self) ?? UInt32(shortTable)
        destination = attributes.bytes(RTA.DST).map(Array.init) ?? []
        gateway = attributes.bytes(RTA.GATEWAY).map(Array.init)
        interface = try attributes.number(RTA.OIF, Int32.self)
    }
}

/// Requests about routes, all in the main table.
package enum RouteRequest {
    /// `ip route add default via GATEWAY`
    package static func addDefault(
        via gateway: any NetworkAddress, interface: Int32? = nil, priority: UInt32? = nil
    ) -> NetlinkRequest {
        change(.RTM_NEWROUTE, [.NLM_F_CREATE, .NLM_F_EXCL], "add", gateway.family, nil, gateway, interface, priority)
    }

    /// `ip route add default dev IFINDEX`: whoever is asked for is on the link itself.
    package static func addDefault(_ family: AddressFamily, interface: Int32) -> NetlinkRequest {
        change(.RTM_NEWROUTE, [.NLM_F_CREATE, .NLM_F_EXCL], "add", family, nil, nil, interface, nil)
    }

    /// `ip route del default via GATEWAY`
    package static func deleteDefault(via gateway: any NetworkAddress, interface: Int32? = nil) -> NetlinkRequest {
        change(.RTM_DELROUTE, [], "del", gateway.family, nil, gateway, interface, nil)
    }

    /// `ip route add DESTINATION/PREFIX via GATEWAY dev IFINDEX`
    package static func add(
        _ destination: any NetworkAddress, prefixLength: UInt8, via gateway: (any NetworkAddress)? = nil,
        interface: Int32? = nil
    ) -> NetlinkRequest {
        change(
            .RTM_NEWROUTE, [.NLM_F_CREATE, .NLM_F_EXCL], "add", destination.family, (destination, prefixLength),
            gateway,
            interface, nil)
    }

    /// `ip route show table all [type TYPE]`
    ///
    /// - Parameter type: `RTN_…`; 0 for all types.
    package static func all(_ family: AddressFamily = .AF_UNSPEC, type: UInt8 = 0) -> NetlinkQuery<Route> {
        NetlinkQuery(
            NetlinkRequest(.RTM_GETROUTE, .NLM_F_DUMP, words: "ip route show table all") { message in
                message.append(family.rawValue)
                message.zeros(6)
                message.append(type)
                message.zeros(4)
            })
    }

    private static func change(
        _ type: MessageType, _ flags: MessageFlags, _ verb: String, _ family: AddressFamily,
        _ destination: (address: any NetworkAddress, prefixLength: UInt8)?, _ gateway: (any NetworkAddress)?,
        _ interface: Int32?, _ priority: UInt32?
    ) -> NetlinkRequest {
        var words = "ip route \(verb) \(destination.map { "\($0.address)/\($0.prefixLength)" } ?? "default")"
        if let gateway { words += " via \(gateway)" }
        if let interface { words += " dev if\(interface)" }
        return NetlinkRequest(type, flags, words: words) { message in
            // struct rtmsg
            message.append(family.rawValue)
            message.append(destination?.prefixLength ?? 0)
            message.append(UInt16(0))
            message.append(RT_TABLE_MAIN)
            message.append(type == .RTM_NEWROUTE ? RTPROT_BOOT : UInt8(0))
            message.append(gateway == nil ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE)
            message.append(type == .RTM_NEWROUTE ? RTN_UNICAST : UInt8(0))
            message.append(UInt32(0))
            if let destination { message.attribute(RTA.DST, destination.address.bytes) }
            if let gateway { message.attribute(RTA.GATEWAY, gateway.bytes) }
            if let interface { message.attribute(RTA.OIF, interface) }
            if let priority { message.attribute(RTA.PRIORITY, priority) }
        }
    }
}
