// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Networking

/// What a command or a supervisor asks of the holder of a user's namespaces.
enum HolderRequest: Codable {
    /// The namespaces, to enter them.
    case namespaces
    /// A port of the host.
    case port(host: String, number: UInt16, PublishedPort.Transport)
}

/// What the holder says. Descriptors that travel with a message are named at its case.
enum HolderReply: Codable {
    /// Descriptors: those of `HolderNamespaces`.
    case namespaces
    /// Descriptors: the socket.
    case port
    /// The port cannot be had: the system call that says so, and who has the port, where that is known.
    case refused(call: String, subject: String, errno: Int32, owner: String?)
}
