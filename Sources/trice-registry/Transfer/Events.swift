// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Registry

/// What is said on standard output: events, one a line.
actor Events {
    private let output = Descriptor(1)
    /// When each layer was spoken of last: often enough for a person, not more.
    private var last: [String: ContinuousClock.Instant] = [:]

    func send(_ event: TransferEvent) throws {
        if event.state == .downloading || event.state == .uploading, let layer = event.layer,
            event.current != event.total
        {
            let now = ContinuousClock.now
            if let before = last[layer], before.duration(to: now) < .milliseconds(50) { return }
            last[layer] = now
        }
        try output.writeAll(encodeJSON(event) + [0x0A])
    }

    func fail(_ image: String, _ error: any Error) throws {
        var event = TransferEvent(.failed, image: image)
        event.failure = error as? Failure ?? Failure("\(error)")
        try send(event)
    }
}
