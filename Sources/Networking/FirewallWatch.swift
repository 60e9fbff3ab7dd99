// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Netlink

/// Tells when a root's nftables tables are removed: the reload of a host's own firewall begins with `flush ruleset`, which
/// takes everybody's tables away.
///
/// Lives on the event loop, and hears of the network namespace that the thread is in when it is made.
package final class FirewallWatch {
    private let removals: TableRemovals
    private let loop: EventLoop
    private var watch: EventLoop.Watch?

    /// - Parameter onRemoval: called after the removal; somebody may have made the tables again since.
    package init(
        tag: String, on loop: EventLoop, onFailure: @escaping (any Error) -> Void, onRemoval: @escaping () -> Void
    ) throws(SystemError) {
        self.loop = loop
        removals = try TableRemovals()
        let table = FirewallScript(tag: tag).table
        watch = try loop.watch(removals.socket.raw, .read) { [unowned self] _ in
            do {
                switch try removals.read() {
                case .removed(let names): if names.contains(table) { onRemoval() }
                case .lost: onRemoval()
                }
            } catch {
                stop()
                onFailure(error)
            }
        }
    }

    package func stop() {
        if let watch { loop.cancel(watch) }
        watch = nil
    }
}
