// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import SplitMix

/// A project of up to six services on up to four networks, made of a seed.
struct GeneratedProject {
    let name: String
    let text: String
    let serviceCount: Int

    /// - Parameter port: what the services that publish anything publish.
    init(seed: UInt64, port: UInt16) {
        var random = SplitMix(state: seed)
        name = "gen\(seed)"
        let networks = (0..<Int.random(in: 1...4, using: &random)).map { "n\($0)" }
        let services = (0..<Int.random(in: 2...6, using: &random)).map { "s\($0)" }
        serviceCount = services.count
        var lines = ["name: \(name)", "services:"]
        for (index, service) in services.enumerated() {
            lines += ["  \(service):", "    image: busybox:1", "    init: true"]
            // The first one has networks of its own, for others to share.
            switch index == 0 ? 9 : Int.random(in: 0...9, using: &random) {
            case 0: lines.append("    network_mode: none")
            case 1: lines.append("    network_mode: service:s0")
            case 2: lines.append("    network_mode: host")
            default:
                let joined = networks.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
                lines.append("    networks:")
                lines += joined.map { "      \($0): { gw_priority: \(Int.random(in: 0...2, using: &random)) }" }
                if Bool.random(using: &random) {
                    lines.append("    ports: [\"\(port)\", \"\(port)/udp\"]")
                }
            }
        }
        lines.append("networks:")
        for network in networks {
            let isInternal = Int.random(in: 0...2, using: &random) == 0
            lines.append("  \(network): { internal: \(isInternal), enable_ipv6: \(Bool.random(using: &random)) }")
        }
        text = lines.map { $0 + "\n" }.joined()
    }
}
