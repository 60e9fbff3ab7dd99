// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// `x-trice` of a service: what the Compose Specification has no words for (Specs/compose.md).
package struct TriceExtension: Codable, Hashable, Sendable {
    package enum UnhealthyAction: String, Codable, Hashable, Sendable, CaseIterable { case restart }
    package enum Owner: String, Codable, Hashable, Sendable, CaseIterable { case caller }
    package enum Rerun: String, Codable, Hashable, Sendable, CaseIterable { case always }

    package var ready: Readiness?
    /// What is done about a container that becomes unhealthy; nil: nothing, as with Docker.
    package var onUnhealthy: UnhealthyAction?
    /// When a one-shot container that completed is run again; nil: when it was made of something else.
    package var rerun: Rerun?

    /// When a replica is found by its service's names; nil is `running`.
    package var dns: NameCondition?
    /// To whom what the service writes to its bind mounts belongs on the host; nil: to the ids that it has inside.
    package var owner: Owner?
    /// Who `Owner.caller` is: whoever gave the command. The file does not say it.
    package var caller: UserIDs?

    package init() {}
}

/// A user of the host, and its group.
package struct UserIDs: Codable, Hashable, Sendable {
    package var uid: UInt32
    package var gid: UInt32
    package init(uid: UInt32, gid: UInt32) { (self.uid, self.gid) = (uid, gid) }
}

extension Service {
    /// Whose the files of a bind mount are on the host; nil: its ids are those inside.
    package func owner(of bind: BindMount) -> UserIDs? {
        (bind.owner ?? trice?.owner) == .caller ? trice?.caller : nil
    }
}

extension Project {
    /// Says who the caller is that services name as an owner.
    package mutating func setCaller(_ caller: UserIDs) {
        for index in services.indices {
            let wants =
                services[index].trice?.owner != nil
                || services[index].mounts.contains { if case .bind(let bind) = $0 { bind.owner != nil } else { false } }
            guard wants else { continue }
            var own = services[index].trice ?? TriceExtension()
            own.caller = caller
            services[index].trice = own
        }
    }
}

/// How a service shows that it is ready, without a program that probes it.
package struct Readiness: Codable, Hashable, Sendable {
    package enum Sign: Codable, Hashable, Sendable {
        /// Something listens on this TCP port.
        case port(UInt16)
        /// A line of its output matches this pattern (`LinePattern`).
        case log(String)
        /// This absolute path is there.
        case file(String)
        /// A GET of this path is answered with a status from 200 to 399.
        case http(port: UInt16, path: String)
    }

    package var sign: Sign
    /// A container that has not shown it by then is unhealthy until it does; nil: it has all the time it wants.
    package var timeout: TimeSpan?

    package init(_ sign: Sign, timeout: TimeSpan? = nil) { (self.sign, self.timeout) = (sign, timeout) }
}
