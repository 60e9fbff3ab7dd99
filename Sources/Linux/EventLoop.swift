// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// A single-threaded event loop over epoll(7): descriptors that become ready, and timers.
///
/// Everything that the supervisor owns lives on one loop and is called from `run()` alone, so nothing needs a lock.
/// A handler must not block.
package final class EventLoop {
    /// What a descriptor is watched for.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let read = Interest(rawValue: UInt32(EPOLLIN.rawValue) | UInt32(EPOLLRDHUP.rawValue))
        package static let write = Interest(rawValue: UInt32(EPOLLOUT.rawValue))
    }

    /// What a descriptor is ready for.
    package struct Readiness: Sendable {
        let events: UInt32
        /// Bytes, a connection, or the end of the stream can be read.
        package var read: Bool {
            events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        }
        package var write: Bool { events & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
        /// Both directions are shut: EPOLLHUP.
        package var hangup: Bool { events & EPOLLHUP.rawValue != 0 }
    }

    /// A descriptor under watch. The loop does not own the descriptor: cancel the watch before closing it.
    package final class Watch {
        fileprivate let id: UInt64
        package let descriptor: Int32
        fileprivate var interest: Interest
        fileprivate let handler: (Readiness) -> Void
        fileprivate init(id: UInt64, descriptor: Int32, interest: Interest, handler: @escaping (Readiness) -> Void) {
            (self.id, self.descriptor, self.interest, self.handler) = (id, descriptor, interest, handler)
        }
    }

    /// A timer that has not fired yet.
    package struct Timer: Hashable, Sendable {
        fileprivate let deadline: UInt64
        fileprivate let id: UInt64
    }

    private let epoll: Descriptor
    private var watches: [UInt64: Watch] = [:]
    private var timers = TimerQueue()
    private var actions: [UInt64: () -> Void] = [:]
    private var deferred: [() -> Void] = []
    private var nextID: UInt64 = 1
    private var running = false

    package init() throws(SystemError) {
        epoll = Descriptor(try check("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    }

    /// CLOCK_MONOTONIC in nanoseconds.
    package static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Calls the handler each time the descriptor is ready (level-triggered), until cancelled.
    package func watch(
        _ descriptor: Int32, _ interest: Interest, _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Watch {
        let watch = Watch(id: nextID, descriptor: descriptor, interest: interest, handler: handler)
        nextID += 1
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: watch.id))
        try check("epoll_ctl") { epoll_ctl(epoll.raw, EPOLL_CTL_ADD, descriptor, &event) }
        watches[watch.id] = watch
        return watch
    }

    /// Changes what a descriptor is watched for; an empty set still reports errors and hang-ups.
    package func update(_ watch: Watch, _ interest: Interest) {
        guard watches[watch.id] != nil, watch.interest != interest else { return }
        watch.interest = interest
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: watch.id))
        epoll_ctl(epoll.raw, EPOLL_CTL_MOD, watch.descriptor, &event)
    }

    /// The handler is not called again, not even for an event that was already fetched.
    package func cancel(_ watch: Watch) {
        guard watches.removeValue(forKey: watch.id) != nil else { return }
        var event = epoll_event()
        epoll_ctl(epoll.raw, EPOLL_CTL_DEL, watch.descriptor, &event)
    }

    /// Runs the action once, at or shortly after this instant of `EventLoop.now`.
    @discardableResult
    package func schedule(at deadline: UInt64, _ action: @escaping () -> Void) -> Timer {
        let timer = Timer(deadline: deadline, id: nextID)
        nextID += 1
        timers.insert(deadline: deadline, id: timer.id)
        actions[timer.id] = action
        return timer
    }

    /// Runs the action once, after so many nanoseconds.
    @discardableResult
    package func schedule(after nanoseconds: UInt64, _ action: @escaping () -> Void) -> Timer {
        let (deadline, overflow) = EventLoop.now.addingReportingOverflow(nanoseconds)
        return schedule(at: overflow ? .max : deadline, action)
    }

    package func cancel(_ timer: Timer) { actions[timer.id] = nil }

    /// Runs the action when the current handlers are done, before waiting again.
    package func soon(_ action: @escaping () -> Void) { deferred.append(action) }

    /// Serves events until `stop()`.
    package func run() throws(SystemError) {
        running = true
        var events = [epoll_event](repeating: epoll_event(), count: 128)
        while running {
            let count = try wait(&events)
            for index in 0..<count {
                watches[events[index].data.u64]?.handler(Readiness(events: events[index].events))
            }
            fireTimers()
            while !deferred.isEmpty && running {
                let actions = deferred
                deferred = []
                for action in actions { action() }
            }
        }
    }

    package func stop() { running = false }

    private func wait(_ events: inout [epoll_event]) throws(SystemError) -> Int {
        #if FAULT_POINTS
            FaultPoint.pass("await")
        #endif
        let timeout = deferred.isEmpty ? nextTimeout() : 0
        let result = epoll_wait(epoll.raw, &events, Int32(events.count), timeout)
        if result >= 0 { return Int(result) }
        if errno == EINTR { return 0 }
        throw SystemError("epoll_wait")
    }

    /// Milliseconds until the next timer, rounded up; -1 without one.
    private func nextTimeout() -> Int32 {
        while let next = timers.first, actions[next.id] == nil { timers.removeFirst() }
        guard let next = timers.first else { return -1 }
        let now = EventLoop.now
        if next.deadline <= now { return 0 }
        return Int32(min((next.deadline - now + 999_999) / 1_000_000, 3_600_000))
    }

    private func fireTimers() {
        guard timers.first != nil else { return }
        let now = EventLoop.now
        while let next = timers.first, next.deadline <= now {
            timers.removeFirst()
            actions.removeValue(forKey: next.id)?()
        }
    }
}

/// A binary heap of deadlines; equal deadlines fire in the order of their ids.
struct TimerQueue {
    private var heap: [(deadline: UInt64, id: UInt64)] = []

    var first: (deadline: UInt64, id: UInt64)? { heap.first }

    mutating func insert(deadline: UInt64, id: UInt64) {
        heap.append((deadline, id))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
