// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Runtime

/// Follows a process from its clone to its exec by its setup socket.
final class SetupWatch {
    private let setup: PacketSocket
    private let loop: EventLoop
    private var watch: EventLoop.Watch?
    private var failure: SetupFailure?
    private let onTerminal: (Descriptor) -> Void
    private let onDone: (SetupFailure?) -> Void

    /// - Parameters:
    ///   - onTerminal: receives the master of the process's terminal.
    ///   - onDone: called once: nil when the program runs.
    init(
        _ setup: PacketSocket, on loop: EventLoop, onTerminal: @escaping (Descriptor) -> Void,
        onDone: @escaping (SetupFailure?) -> Void
    ) throws(SystemError) {
        (self.setup, self.loop, self.onTerminal, self.onDone) = (setup, loop, onTerminal, onDone)
        watch = try loop.watch(setup.descriptor.raw, .read) { [self] _ in self.receive() }
    }

    /// Takes what the process has said. To be called when it has ended, as that may be told before its last word is read.
    func receive() {
        while true {
            do {
                guard let (message, descriptors) = try setup.receive(SetupMessage.self, wait: false) else {
                    return finish()
                }
                switch message {
                case .failed(let failure): self.failure = failure
                case .terminal: if let master = descriptors.first { onTerminal(master) }
                }
            } catch let error as SystemError where error.errno == EAGAIN {
                return
            } catch {
                failure = SetupFailure("set up the process", reason: "\(error)")
                return finish()
            }
        }
    }

    private func finish() {
        guard let watch else { return }
        loop.cancel(watch)
        self.watch = nil
        setup.descriptor.close()
        onDone(failure)
    }
}
