// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A write that a disk may hold up as long as it likes: on a thread of its own, one at a time, while the loop goes on.
final class AsideWrite {
    /// What the thread is given, and what it leaves behind.
    private final class Work: @unchecked Sendable {
        let file: Descriptor
        let bytes: [UInt8]
        /// An eventfd(2) that is written at the end.
        let done: Descriptor
        /// Set before `done` is written, and read after.
        var failure: SystemError?
        init(_ bytes: [UInt8], to file: Descriptor, _ done: Descriptor) {
            (self.bytes, self.file, self.done) = (bytes, file, done)
        }

        func run() {
            // Not by check(): faults are for the loop's own thread.
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) }
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    failure = SystemError("write")
                    break
                }
            }
            eventfd_write(done.raw, 1)
        }
    }

    private let loop: EventLoop
    private let done: Descriptor
    private var watch: EventLoop.Watch?
    private var current: (work: Work, thread: pthread_t, then: (SystemError?) -> Void)?

    init(on loop: EventLoop) throws(SystemError) {
        self.loop = loop
        done = Descriptor(try check("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) })
        watch = try loop.watch(done.raw, .read) { [unowned self] _ in self.wait() }
    }

    deinit { if let watch { loop.cancel(watch) } }

    var isUnderWay: Bool { current != nil }

    /// Appends these bytes to the file, and then calls back on the loop.
    func begin(
        _ bytes: [UInt8], to file: Descriptor, _ then: @escaping (SystemError?) -> Void
    ) throws(SystemError) {
        let work = Work(bytes, to: file, done)
        let handle = Unmanaged.passRetained(work)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { handle in
                Unmanaged<Work>.fromOpaque(handle!).takeRetainedValue().run()
                return nil
            }, handle.toOpaque())
        guard status == 0 else {
            handle.release()
            throw SystemError("pthread_create", errno: status)
        }
        current = (work, thread, then)
    }

    /// Waits for the end of what is under way, and calls back.
    func wait() {
        guard let (work, thread, then) = current else { return }
        pthread_join(thread, nil)
        var count: eventfd_t = 0
        eventfd_read(done.raw, &count)
        current = nil
        then(work.failure)
    }
}
