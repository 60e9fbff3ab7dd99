// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Runtime

/// A path of the container is there.
///
/// inotify(7) tells of it, by the nearest directory above it that is there. What that does not tell of (something mounted,
/// the far end of a symbolic link) is found by a look a second.
final class FileSign: ReadinessSign {
    private static let lookInterval: UInt64 = 1_000_000_000
    private static let mask = UInt32(IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

    private let path: String
    private let root: Descriptor
    private let loop: EventLoop
    private var notifications: Descriptor?
    private var directory: Int32 = -1
    private var watch: EventLoop.Watch?
    private var timer: EventLoop.Timer?
    private var seen: () -> Void = {}

    init(_ path: String, ofPID pid: pid_t, on loop: EventLoop) throws(SystemError) {
        (self.path, self.loop) = (path, loop)
        root = try Descriptor.open("/proc/\(pid)/root", trice_o_path | O_DIRECTORY)
    }

    var meaning: String { "\(path) is there" }

    func await(_ seen: @escaping () -> Void) {
        self.seen = seen
        do throws(SystemError) {
            let notifications = Descriptor(
                try check("inotify_init1") { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) })
            watch = try loop.watch(notifications.raw, .read) { [unowned self] _ in self.changed() }
            self.notifications = notifications
        } catch { log("\(path) of a container is looked for once a second: \(error)") }
        look()
    }

    func stop() {
        if let watch { loop.cancel(watch) }
        if let timer { loop.cancel(timer) }
        (watch, timer, notifications) = (nil, nil, nil)
    }

    private func changed() {
        guard let notifications else { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 12)
        // What it was does not matter: EAGAIN ends it.
        while Glibc.read(notifications.raw, &buffer, buffer.count) > 0 {}
        look()
    }

    private func look() {
        if let timer { loop.cancel(timer) }
        watchNearestDirectory()
        // After the watch is there, so that nothing comes in between.
        if find(path) != nil { return seen() }
        timer = loop.schedule(after: FileSign.lookInterval) { [unowned self] in self.look() }
    }

    private func watchNearestDirectory() {
        guard let notifications else { return }
        if directory >= 0 { inotify_rm_watch(notifications.raw, directory) }
        directory = -1
        var above = path
        while directory < 0, above != "/" {
            above = parentDirectory(above)
            guard let found = find(above, O_DIRECTORY) else { continue }
            directory = withExtendedLifetime(found) {
                inotify_add_watch(notifications.raw, "/proc/self/fd/\(found.raw)", FileSign.mask)
            }
        }
    }

    /// A path of the container; nil where it is not there, or out of reach.
    private func find(_ path: String, _ flags: Int32 = 0) -> Descriptor? {
        do throws(SystemError) { return try Descriptor.open(path, trice_o_path | flags, inRoot: root) } catch {
            return nil
        }
    }
}
