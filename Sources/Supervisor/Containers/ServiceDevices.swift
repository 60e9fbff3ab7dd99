// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Runtime

/// Which devices of the host a service may use.
struct ServiceDevices {
    /// Nodes for the container's file system.
    private(set) var nodes: [DeviceNode] = []
    /// What the device filter lets through.
    private(set) var rules = DeviceRule.docker

    /// - Throws: `Failure` at the place of a device that is not there, or of a rule that says nothing.
    init(_ service: Service) throws(Failure) {
        for (index, device) in service.devices.enumerated() {
            func refuse(_ reason: String) -> Failure {
                Failure(
                    "service \(service.name): device \(device.source): \(reason)",
                    at: service.place("devices[\(index)]"))
            }
            if device.isCDI { throw refuse("devices of the Container Device Interface are not supported yet") }
            let permissions = device.permissions ?? "rwm"
            guard !permissions.isEmpty, permissions.allSatisfy({ "rwm".contains($0) }) else {
                throw refuse("permissions \"\(permissions)\" are not of r, w and m")
            }
            let found: [DeviceNode]
            do { found = try DeviceNode.all(at: device.source) } catch { throw refuse(errnoText(error.errno)) }
            guard !found.isEmpty else { throw refuse("it is no device, and there is none below it") }
            for var node in found {
                rules.append(
                    DeviceRule(
                        character: node.isCharacter, major: node.major, minor: node.minor,
                        read: permissions.contains("r"), write: permissions.contains("w"),
                        mknod: permissions.contains("m")))
                node.path = absolutePath(device.target) + node.path.dropFirst(device.source.count)
                nodes.append(node)
            }
        }
        for (index, text) in service.deviceRules.enumerated() {
            guard let rule = DeviceRule(parsing: text) else {
                throw Failure(
                    "service \(service.name): device_cgroup_rules: \"\(text)\" is no rule",
                    at: service.place("device_cgroup_rules[\(index)]"),
                    hint: "a rule is a type (a, b or c), numbers and rights: c 10:200 rwm, or b 8:* r")
            }
            rules.append(rule)
        }
    }
}

/// Device filters in the kernel, one for each set of rules: a program serves any number of cgroups.
final class DeviceFilters {
    private var programs: [[DeviceRule]: Descriptor] = [:]

    func program(_ rules: [DeviceRule]) throws(SystemError) -> Descriptor {
        if let program = programs[rules] { return program }
        let program = try DeviceFilter(rules).load()
        programs[rules] = program
        return program
    }
}
