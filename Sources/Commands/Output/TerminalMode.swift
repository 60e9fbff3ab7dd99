// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The caller's terminal in another mode (termios(3)). It is as before when this value goes.
final class TerminalMode {
    private let descriptor: Int32
    private var before: termios

    /// Raw: each key comes as it is typed and none means anything.
    static func raw(_ settings: inout termios) { cfmakeraw(&settings) }

    /// Each key comes as it is typed and none is shown; Ctrl-C and Ctrl-Z do what they did.
    static func keys(_ settings: inout termios) { settings.c_lflag &= ~tcflag_t(ICANON | ECHO) }

    /// Lines come whole, as ever, and are not shown.
    static func silent(_ settings: inout termios) { settings.c_lflag &= ~tcflag_t(ECHO) }

    /// Nil where the descriptor is no terminal.
    ///
    /// - Parameter discardsInput: whether what was typed before counts for nothing.
    init?(
        of descriptor: Int32, discardsInput: Bool = false, _ change: (inout termios) -> Void
    ) throws(SystemError) {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else { return nil }
        (self.descriptor, before) = (descriptor, settings)
        change(&settings)
        try check("tcsetattr") { tcsetattr(descriptor, discardsInput ? TCSAFLUSH : TCSADRAIN, &settings) }
    }

    deinit { tcsetattr(descriptor, TCSADRAIN, &before) }
}

/// Signals of the caller's as a descriptor that becomes readable (signalfd(2)): they do nothing else any more.
final class CallerSignals {
    let descriptor: Descriptor

    /// Those that are worth passing on to another process.
    static let passedOn = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2]

    init(_ numbers: [Int32] = CallerSignals.passedOn) throws(SystemError) {
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in numbers { sigaddset(&mask, number) }
        try check("sigprocmask") { sigprocmask(SIG_BLOCK, &mask, nil) }
        descriptor = Descriptor(try check("signalfd") { signalfd(-1, &mask, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK)) })
    }

    /// The next one that came; nil where none waits.
    func next() -> Int32? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return read(descriptor.raw, &information, size) == size ? Int32(information.ssi_signo) : nil
    }

    func drain() { while next() != nil {} }
}
