// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Networking

/// What `driver_opts` of a service's network asks of its interface there, in Docker's words (moby,
/// daemon/libnetwork/netlabel).
struct EndpointOptions: Hashable, Sendable {
    /// What the interface is called; nil: as `interface_name` says.
    var interface: String?
    /// Of the interface, below `/proc/sys/net`.
    var settings: [InterfaceSetting] = []

    /// - Throws: `Failure` at the option that cannot be had.
    init(of attachment: NetworkAttachment, in service: Service) throws(Failure) {
        for option in attachment.driverOptions {
            func failure(_ text: String) -> Failure {
                Failure(
                    "service \(service.name): networks.\(attachment.network): \(option.name): \(text)",
                    at: service.place("networks.\(attachment.network).driver_opts"))
            }
            switch option.name {
            case "com.docker.network.endpoint.ifname":
                guard FirewallScript.isPlain(option.value) else {
                    throw failure("\(option.value) is no name of an interface")
                }
                guard attachment.interfaceName == nil || attachment.interfaceName == option.value else {
                    throw failure("interface_name says \(attachment.interfaceName ?? "")")
                }
                interface = option.value
            case "com.docker.network.endpoint.sysctls":
                for text in option.value.split(separator: ",") {
                    guard let setting = InterfaceSetting(text) else {
                        throw failure("\(text) is not of the form net.ipv4.conf.IFNAME.forwarding=1")
                    }
                    settings.append(setting)
                }
            default: throw failure("is not supported")
            }
        }
    }
}
