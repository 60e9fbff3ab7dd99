// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

// Speaks to registries for `trice`: a request on standard input, events on standard output (`Registry/Transfer.swift`).

import Core
import Glibc
import Images
import Linux
import Registry

if CommandLine.arguments.count == 4, CommandLine.arguments[1] == UnpackProcess.argument {
    UnpackProcess.run(CommandLine.arguments[2], limit: CommandLine.arguments[3])
}

// Whoever unpacks a layer may refuse it, and close the pipe.
signal(SIGPIPE, SIG_IGN)
let events = Events()
var session: Session?
do {
    guard isatty(0) == 0 else { throw Failure("trice-registry is called by trice: trice image pull, for example") }
    var text: [UInt8] = []
    let input = Descriptor(0)
    while true {
        let part = try input.read(upTo: 1 << 16)
        if part.isEmpty { break }
        text += part
    }
    let request = try decodeJSON(TransferRequest.self, from: text)
    // It lives until the process ends, whatever is thrown: its connections are not shut down for that.
    session = try Session.fromEnvironment(events, parallelism: request.parallelism)
    exit(try await session?.run(request) == true ? 0 : 1)
} catch {
    try await events.fail("", error)
    exit(1)
}
