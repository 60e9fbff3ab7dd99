// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// PID 1 of a container with `init: true`: starts the service's process, forwards signals to it, reaps orphans, and
/// ends with its exit status (128 + n for signal n). It has the rights of the service's process, and no more.
enum InitProcess {
    /// Returns in the child, which goes on to become the service's process; the caller itself stays as PID 1.
    static func divide() throws(SetupFailure) {
        var all = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_BLOCK, &all, nil)
        let child = try attempt("init") { () throws(SystemError) in try check("fork") { trice_fork() } }
        if child == 0 {
            // A process group of its own, in the foreground: what the terminal sends comes once.
            setpgid(0, 0)
            signal(SIGTTOU, SIG_IGN)
            if isatty(0) == 1 { tcsetpgrp(0, getpid()) }
            return unblockSignals()
        }
        trice_set_name("trice-init")
        trice_close_range(3, UInt32.max, 0)
        serve(child, waitingFor: all)
    }

    private static func serve(_ child: pid_t, waitingFor all: sigset_t) -> Never {
        var all = all
        while true {
            var number: Int32 = 0
            guard sigwait(&all, &number) == 0 else { continue }
            if number != SIGCHLD {
                kill(child, number)
                continue
            }
            while true {
                var status: Int32 = 0
                let pid = waitpid(-1, &status, WNOHANG)
                if pid <= 0 { break }
                if pid == child { _exit(ExitStatus(waitStatus: status).code) }
            }
        }
    }
}
