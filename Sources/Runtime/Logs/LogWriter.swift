// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// Moves what a container writes from its pipes (or its terminal) into its log file.
///
/// The pipes are held open by the container's side, so nothing is lost while no writer is there to read them: the next
/// one goes on where the last one stopped.
package final class LogWriter {
    private final class Source {
        let descriptor: Descriptor
        var stream: LogStream
        var taps: [LogTap] = []
        var watch: EventLoop.Watch?
        init(_ descriptor: Descriptor, _ name: String) {
            (self.descriptor, stream) = (descriptor, LogStream(name: name))
        }
    }

    private let loop: EventLoop
    private let file: Descriptor
    private var sources: [Source] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var output: [UInt8] = []

    /// - Parameter path: the log file, made where it is not there and appended to.
    package init(_ path: String, on loop: EventLoop) throws(SystemError) {
        self.loop = loop
        file = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o600)
    }

    /// Reads this descriptor from now on, until its end or `finish()`. It must be in non-blocking mode.
    package func follow(_ descriptor: Descriptor, as stream: String) throws(SystemError) {
        let source = Source(descriptor, stream)
        sources.append(source)
        source.watch = try loop.watch(descriptor.raw, .read) { [unowned self] _ in
            if !self.drain(source, rounds: 16) { self.unwatch(source) }
        }
    }

    /// Gives a client a copy of what comes on a stream from now on; nothing where there is no such stream.
    package func add(_ tap: LogTap, to stream: String) {
        for source in sources where source.stream.name == stream { source.taps.append(tap) }
    }

    package func remove(_ tap: LogTap) {
        for source in sources { source.taps.removeAll { $0 === tap } }
        tap.finish()
    }

    /// Reads what is left, writes unfinished lines too, and lets the descriptors go.
    package func finish() {
        for source in sources {
            _ = drain(source, rounds: .max)
            source.stream.finish(time: realTime(), to: &output)
            for tap in source.taps { tap.finish() }
            unwatch(source)
        }
        flush()
        sources = []
    }

    /// - Returns: false at the end of the stream.
    private func drain(_ source: Source, rounds: Int) -> Bool {
        defer { flush() }
        for _ in 0..<rounds {
            let count = Glibc.read(source.descriptor.raw, &buffer, buffer.count)
            if count == 0 { return false }
            // EIO is how a terminal says that nobody holds its other side.
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            buffer.withUnsafeBytes {
                let bytes = UnsafeRawBufferPointer(rebasing: $0[..<count])
                source.stream.write(bytes, time: realTime(), to: &output)
                for tap in source.taps { tap.write(bytes) }
            }
            if output.count >= 1 << 18 { flush() }
        }
        return true
    }

    private func unwatch(_ source: Source) {
        if let watch = source.watch { loop.cancel(watch) }
        source.watch = nil
    }

    private func flush() {
        guard !output.isEmpty else { return }
        do { try file.writeAll(output) } catch { log("a container's log cannot be written: \(error)") }
        output.removeAll(keepingCapacity: true)
    }
}
