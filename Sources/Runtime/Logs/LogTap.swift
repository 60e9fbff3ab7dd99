// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A copy of what a container writes, for a client that may read it more slowly than it comes.
///
/// The container is never made to wait: what the client has not taken is kept, and a client that is too far behind loses
/// the rest, which stands in the log.
package final class LogTap {
    /// Bytes that may wait for the client.
    private static let longestQueue = 1 << 24

    private let loop: EventLoop
    private let output: Descriptor
    private var pending: [UInt8] = []
    private var watch: EventLoop.Watch?
    private var isEnding = false

    /// - Parameter output: a pipe's writing end that nobody else writes to.
    package init(_ output: Descriptor, on loop: EventLoop) throws(SystemError) {
        (self.output, self.loop) = (output, loop)
        try check("fcntl") { trice_fcntl(output.raw, F_SETFL, Int(O_NONBLOCK)) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        guard output.raw >= 0 else { return }
        pending.append(contentsOf: bytes)
        if pending.count > LogTap.longestQueue { return close() }
        flush()
    }

    /// Nothing more comes; the client gets what waits for it, then the end of its pipe.
    package func finish() {
        isEnding = true
        flush()
    }

    private func flush() {
        while !pending.isEmpty {
            let count = pending.withUnsafeBytes { Glibc.write(output.raw, $0.baseAddress, $0.count) }
            if count >= 0 {
                pending.removeFirst(count)
                continue
            }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { return close() }
            return awaitRoom()
        }
        if let watch { loop.cancel(watch) }
        watch = nil
        if isEnding { close() }
    }

    /// The closure keeps this tap alive until its client has taken everything or is gone.
    private func awaitRoom() {
        guard watch == nil else { return }
        do { watch = try loop.watch(output.raw, .write) { _ in self.flush() } } catch {
            log("a client cannot be given a container's output: \(error)")
            close()
        }
    }

    private func close() {
        if let watch { loop.cancel(watch) }
        watch = nil
        pending = []
        output.close()
    }
}
