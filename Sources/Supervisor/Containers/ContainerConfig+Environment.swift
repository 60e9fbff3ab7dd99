// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Images

extension ContainerConfig {
    var hostname: String { definition.hostname ?? String(id.prefix(12)) }

    /// The image's variables, then the service's over them, then what Docker always sets.
    var environment: [String] {
        var order: [String] = []
        var values: [String: String] = [:]
        func set(_ name: String, _ value: String?) {
            if let value {
                if values.updateValue(value, forKey: name) == nil { order.append(name) }
            } else if values.removeValue(forKey: name) != nil {
                order.removeAll { $0 == name }
            }
        }
        set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        set("HOSTNAME", hostname)
        if definition.tty { set("TERM", "xterm") }
        for variable in imageConfig.env ?? [] {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            set(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        for variable in definition.environment { set(variable.name, variable.value) }
        return order.map { "\($0)=\(values[$0] ?? "")" }
    }
}
