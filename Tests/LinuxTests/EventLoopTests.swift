// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Testing

@testable import Linux

@Suite struct EventLoopTests {
    @Test(arguments: [[3, 1, 2], [1, 2, 3], [9, 8, 7, 6, 5, 4, 3, 2, 1], [5, 5, 5], []] as [[UInt64]])
    func `timers fire in the order of their deadlines`(_ deadlines: [UInt64]) throws {
        let loop = try EventLoop()
        var fired: [UInt64] = []
        for deadline in deadlines { loop.schedule(at: deadline) { fired.append(deadline) } }
        loop.schedule(at: 100) { loop.stop() }
        try serve(loop)
        #expect(fired == deadlines.sorted())
    }

    @Test func `timers of one deadline fire in the order in which they were made`() throws {
        let loop = try EventLoop()
        var fired: [Int] = []
        for index in 0..<50 { loop.schedule(at: 7) { fired.append(index) } }
        loop.schedule(at: 8) { loop.stop() }
        try serve(loop)
        #expect(fired == Array(0..<50))
    }

    @Test func `a queue of timers gives them back sorted`() {
        var queue = TimerQueue()
        let values = (0..<500).map { UInt64($0 * 7919 % 503) }
        for (index, value) in values.enumerated() { queue.insert(deadline: value, id: UInt64(index)) }
        var sorted: [UInt64] = []
        while let first = queue.first {
            sorted.append(first.deadline)
            queue.removeFirst()
        }
        #expect(sorted == values.sorted())
    }

    @Test func `a cancelled timer does not fire, not even for one that fires beside it`() throws {
        let loop = try EventLoop()
        var fired: [Int] = []
        let first = loop.schedule(at: 1) { fired.append(1) }
        var third: EventLoop.Timer?
        loop.schedule(at: 2) {
            fired.append(2)
            if let third { loop.cancel(third) }
        }
        third = loop.schedule(at: 3) { fired.append(3) }
        loop.schedule(at: 4) { loop.stop() }
        loop.cancel(first)
        loop.cancel(first)
        try serve(loop)
        #expect(fired == [2])
    }

    @Test func `a timer fires at its instant or later, one in the far future never`() throws {
        let loop = try EventLoop()
        var early = true
        let begin = EventLoop.now
        loop.schedule(after: .max) { _ = Issue.record("fired") }
        loop.schedule(at: .max) { _ = Issue.record("fired") }
        loop.schedule(after: 3_000_000) {
            early = EventLoop.now < begin + 3_000_000
            loop.stop()
        }
        try serve(loop)
        #expect(!early)
    }

    @Test func `what is to run soon runs after the handlers, also what it adds`() throws {
        let loop = try EventLoop()
        var order: [String] = []
        loop.schedule(at: 1) {
            loop.soon {
                order.append("soon")
                loop.soon {
                    order.append("sooner or later")
                    loop.stop()
                }
            }
            order.append("first")
        }
        loop.schedule(at: 2) { order.append("second") }
        try serve(loop)
        #expect(order == ["first", "second", "soon", "sooner or later"])
    }

    @Test func `what is to run soon before the loop runs does not wait for an event`() throws {
        let loop = try EventLoop()
        loop.soon { loop.stop() }
        try serve(loop)
    }

    @Test func `a watch reports bytes until they are read, then the end`() throws {
        let loop = try EventLoop()
        let pipe = try Descriptor.pipe()
        try pipe.write.writeAll("ab".utf8)
        var chunks: [[UInt8]] = []
        let watch = try loop.watch(pipe.read.raw, .read) { readiness in
            #expect(readiness.read)
            guard let chunk = try? pipe.read.read(upTo: 1) else { return loop.stop() }
            chunks.append(chunk)
            if chunk == [0x62] { pipe.write.close() }
            if chunk.isEmpty {
                #expect(readiness.hangup)
                loop.stop()
            }
        }
        try serve(loop)
        loop.cancel(watch)
        #expect(chunks == [[0x61], [0x62], []])
    }

    @Test func `a watch that another handler cancelled is not called for an event already fetched`() throws {
        let loop = try EventLoop()
        let pipes = try (0..<2).map { _ in try Descriptor.pipe() }
        var watches: [EventLoop.Watch] = []
        var called: [Int] = []
        for (index, pipe) in pipes.enumerated() {
            try pipe.write.writeAll([1])
            watches.append(
                try loop.watch(pipe.read.raw, .read) { _ in
                    called.append(index)
                    for watch in watches { loop.cancel(watch) }
                    loop.schedule(at: 1) { loop.stop() }
                })
        }
        try serve(loop)
        #expect(called.count == 1)
    }

    @Test func `a watch can wait for room, and change what it waits for`() throws {
        let loop = try EventLoop()
        var ends: [Int32] = [-1, -1]
        try check("socketpair") { socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) }
        let (near, far) = (Descriptor(ends[0]), Descriptor(ends[1]))
        var seen: [String] = []
        var watch: EventLoop.Watch?
        watch = try loop.watch(near.raw, .write) { readiness in
            if seen.isEmpty {
                #expect(readiness.write && !readiness.read)
                seen.append("write")
                if let watch { loop.update(watch, .read) }
                #expect(throws: Never.self) { try far.writeAll([1]) }
            } else {
                #expect(readiness.read && !readiness.write)
                seen.append("read")
                loop.stop()
            }
        }
        try serve(loop)
        #expect(seen == ["write", "read"])
    }

    @Test func `a descriptor that is not open cannot be watched`() throws {
        let loop = try EventLoop()
        let error = #expect(throws: SystemError.self) { _ = try loop.watch(-1, .read) { _ in } }
        #expect(error?.errno == EBADF)
    }
}
