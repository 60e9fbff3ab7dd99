// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Runtime

extension Supervisor {
    /// Lets a client hear what a running container writes. It hears of the container's end when it is on record.
    func attach(_ client: Connection, _ service: String, _ index: Int, _ descriptors: [Descriptor]) throws {
        let container = try running(service, index: index)
        guard descriptors.count == 2, let logs = container.logs else {
            throw Failure("container \(container.record.name) has streams of its own, which nobody else can hear")
        }
        let taps = try descriptors.map { try LogTap($0, on: loop) }
        for (tap, stream) in zip(taps, ["stdout", "stderr"]) { logs.add(tap, to: stream) }
        container.attached.append(client)
        client.onLeave = { [weak container, weak logs, unowned client] in
            container?.attached.removeAll { $0 === client }
            for tap in taps { logs?.remove(tap) }
        }
        if let terminal = container.terminal { client.send(.terminal, descriptors: [terminal]) }
        client.send(.started(container.id))
    }
}
