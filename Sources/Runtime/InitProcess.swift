// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// PID 1 of a container with `init: true`: starts the service's process, forwards signals to it, reaps orphans, and
/// ends with its exit status (128 + n for signal n). It has the rights of the service's process, and no more.
enum InitProcess {
    /// Starts the service's process, and stays.
    ///
    /// The process has a group of its own, in the foreground: what the terminal sends comes once.
    ///
    /// - Returns: errno where execve(2) failed; otherwise it does not return.
    static func run(_ path: String, _ arguments: [String], _ environment: [String]) throws(SetupFailure) -> Int32 {
        var all = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_BLOCK, &all, nil)
        var error: Int32 = 0
        let child = try attempt("init") { () throws(SystemError) in
            try check("clone", path) {
                withCStrings(arguments) { arguments in
                    withCStrings(environment) { trice_start_program(path, arguments, $0, &error) }
                }
            }
        }
        if error != 0 { return error }
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
