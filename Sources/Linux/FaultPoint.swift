// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

#if FAULT_POINTS
    import Glibc

    /// Places where a test can have something go wrong in the launcher, the supervisor, and what the launcher has cloned: each
    /// system call that goes through `check`, by its name, and each wait for events (`await`). Debug builds only.
    ///
    /// A test writes to `faults` in `$TRICE_RUN` what is to happen, once: `supervisor sendmsg 3 crash`, for the third sendmsg(2)
    /// of a supervisor's process; the other words are `error` (EIO) and `delay` (100 ms). The file's last byte says afterwards
    /// whether it has happened. `command connect 0 delay` happens at each connect(2) of a command. Where there is
    /// `faults.trace`, each point but a command's is written to it as it is reached.
    package enum FaultPoint {
        package static let fileSize = 4096

        private struct Order {
            let role: String
            let call: String
            let occurrence: Int
            let effect: String

            init?(_ text: String) {
                let words = text.split(separator: " ").map(String.init)
                guard words.count == 4, let occurrence = Int(words[2]) else { return nil }
                (role, call, self.occurrence, effect) = (words[0], words[1], occurrence, words[3])
            }
        }

        // Processes that have these have a single thread. A command may have more: it takes orders for itself alone.
        nonisolated(unsafe) private static var role = ""
        nonisolated(unsafe) private static var counts: [String: Int] = [:]
        nonisolated(unsafe) private static var order: Order?
        /// Shared with all processes of the project, whatever namespaces they are in.
        nonisolated(unsafe) private static var page: UnsafeMutableRawPointer?
        nonisolated(unsafe) private static var trace: Int32 = -1

        /// Looks for the test's word in this directory.
        package static func begin(_ role: String, in directory: String) {
            become(role)
            if role != "command" { trace = open("\(directory)/faults.trace", O_WRONLY | O_APPEND | O_CLOEXEC) }
            let file = open("\(directory)/faults", O_RDWR | O_CLOEXEC)
            guard file >= 0 else { return }
            defer { close(file) }
            let mapped = mmap(nil, fileSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
            guard let mapped, mapped != MAP_FAILED else { return }
            page = mapped
            order = Order(String(cString: mapped.assumingMemoryBound(to: CChar.self)))
            if role == "command" && order?.role != role { page = nil }
        }

        /// This process is this from now on: its points are counted anew.
        package static func become(_ role: String) { (self.role, counts) = (role, [:]) }

        /// A point where an error may be thrown.
        package static func reach(_ call: String) throws(SystemError) {
            if isDue(call, orError: true) { throw SystemError(call, "(a fault that a test has asked for)", errno: EIO) }
        }

        /// A point where nothing can be thrown.
        package static func pass(_ call: String) { _ = isDue(call, orError: false) }

        /// - Returns: whether an error is to be thrown. Of a crash nobody hears.
        private static func isDue(_ call: String, orError: Bool) -> Bool {
            guard page != nil || trace >= 0, !role.isEmpty else { return false }
            let count = (counts[call] ?? 0) + 1
            counts[call] = count
            if trace >= 0 {
                let line = Array("\(role) \(call) \(count) \(orError ? "error" : "pass")\n".utf8)
                _ = write(trace, line, line.count)
            }
            guard let order, let page, order.role == role, order.call == call else { return false }
            guard order.occurrence == count || order.occurrence == 0 else { return false }
            let flag = page + (fileSize - 1)
            guard flag.load(as: UInt8.self) == 0 || order.occurrence == 0 else { return false }
            flag.storeBytes(of: 1, as: UInt8.self)
            switch order.effect {
            case "crash":
                kill(getpid(), SIGKILL)
                // The first process of a pid namespace does not die of its own signal.
                _exit(137)
            case "delay": poll(nil, 0, 100)
            case "error": return orError
            default: break
            }
            return false
        }
    }
#endif
