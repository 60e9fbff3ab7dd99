// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A pseudoterminal of the container's own devpts, see pty(7); the master goes to the supervisor.
struct Terminal {
    let slave: Descriptor
    let path: String

    /// Opens the pair and sends the master over the setup socket.
    ///
    /// - Parameter size: rows and columns, or nothing.
    static func open(size: [UInt16], for socket: PacketSocket) throws -> Terminal {
        let master = try Descriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var unlocked: Int32 = 0
        try check("ioctl", "TIOCSPTLCK") { trice_ioctl(master.raw, 0x4004_5431, &unlocked) }
        var number: UInt32 = 0
        try check("ioctl", "TIOCGPTN") { trice_ioctl(master.raw, 0x8004_5430, &number) }
        if size.count == 2 {
            var window = winsize(ws_row: size[0], ws_col: size[1], ws_xpixel: 0, ws_ypixel: 0)
            try check("ioctl", "TIOCSWINSZ") { trice_ioctl(master.raw, UInt(TIOCSWINSZ), &window) }
        }
        let path = "/dev/pts/\(number)"
        let slave = try Descriptor.open(path, O_RDWR | O_NOCTTY)
        try socket.send(SetupMessage.terminal, descriptors: [master])
        return Terminal(slave: slave, path: path)
    }

    /// Makes it the controlling terminal and descriptors 0, 1 and 2; for a container's first process also its console.
    func becomeStandardStreams(consoleAt console: String? = nil) throws(SetupFailure) {
        try attempt("tty") { () throws(SystemError) in
            try check("ioctl", "TIOCSCTTY") { trice_ioctl(slave.raw, UInt(TIOCSCTTY), nil) }
            for target in 0...2 as ClosedRange<Int32> { try check("dup2") { dup2(slave.raw, target) } }
            guard let console else { return }
            _ = try Descriptor.open(console, O_WRONLY | O_CREAT, mode: 0o600)
            try check("mount", console) { mount(path, console, nil, MountFlag.bind, nil) }
        }
        slave.close()
    }
}
