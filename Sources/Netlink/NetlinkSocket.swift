// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A socket to the kernel's routing tables (rtnetlink(7)), or to another family of netlink, in the network namespace that
/// the thread is in when it is made.
///
/// Blocking: the kernel does the work inside send(2), so an answer is there when send returns.
package final class NetlinkSocket {
    private let socket: Descriptor
    private let port: UInt32
    private var nextSequence: UInt32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// Opens the socket, close-on-exec, with a port id that the kernel chooses.
    package init(_ family: NetlinkFamily = .NETLINK_ROUTE, firstSequence: UInt32 = 1) throws(NetlinkError) {
        nextSequence = firstSequence
        do throws(SystemError) {
            let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            socket = Descriptor(try check("socket", "netlink") { Glibc.socket(AF_NETLINK, type, family.rawValue) })
            let raw = socket.raw
            // The kernel's own words with an error, and no copy of the request in it; dumps of what they ask for alone.
            for option: Int32 in [
                11 /* NETLINK_EXT_ACK */, 10 /* NETLINK_CAP_ACK */, 12, /* NETLINK_GET_STRICT_CHK */
            ] {
                var on: Int32 = 1
                try check("setsockopt", "netlink") {
                    setsockopt(raw, 270 /* SOL_NETLINK */, option, &on, socklen_t(MemoryLayout<Int32>.size))
                }
            }
            var address = KernelAddress()
            try check("bind", "netlink") { address.withSocketAddress { bind(raw, $0, $1) } }
            try check("getsockname", "netlink") {
                address.withSocketAddress { pointer, length in
                    var length = length
                    return getsockname(raw, pointer, &length)
                }
            }
            port = address.port
        } catch { throw .system(error) }
    }

    /// Does one request.
    package func perform(_ request: NetlinkRequest) throws(NetlinkError) { try perform([request]) }

    /// Does the requests in their order with one send(2), to the end even where one is refused.
    ///
    /// - Throws: the first refusal.
    package func perform(_ requests: [NetlinkRequest]) throws(NetlinkError) {
        for result in try attempt(requests) {
            if let result { throw .refused(result) }
        }
    }

    /// Does the requests in their order with one send(2) and says of each why it was refused, or nil.
    ///
    /// Only the last asks for an acknowledgement. The kernel works through a datagram in order and reports an error
    /// whether asked or not, so when the last one is answered, those without an error were done.
    package func attempt(_ requests: [NetlinkRequest]) throws(NetlinkError) -> [NetlinkError.Refusal?] {
        guard !requests.isEmpty else { return [] }
        var results = [NetlinkError.Refusal?](repeating: nil, count: requests.count)
        let first = takeSequences(requests.count)
        var datagram: [UInt8] = []
        for (index, request) in requests.enumerated() {
            let acknowledge: MessageFlags = index == requests.count - 1 ? .NLM_F_ACK : []
            datagram += try request.encoded(sequence: first + UInt32(index), port: port, adding: acknowledge)
        }
        try send(
            datagram, requests.count == 1 ? requests[0].words : "\(requests[0].words) … (\(requests.count) requests)")
        while true {
            for message in try receive() where message.type == .NLMSG_ERROR {
                let index = Int(message.sequence &- first)
                guard index < requests.count else { continue }
                let answer = try Acknowledgement(message)
                if answer.errno != 0 {
                    results[index] = NetlinkError.Refusal(
                        request: requests[index].words, errno: answer.errno, kernelText: answer.kernelText)
                }
                if index == requests.count - 1 { return results }
            }
        }
    }

    /// Does the requests, which are of the netfilter family, as one transaction: all of them or none.
    ///
    /// Only the last asks for an acknowledgement, as with `attempt`. Where the whole cannot be done, though each of it could,
    /// the kernel says so of the transaction's beginning, and acknowledges nothing.
    ///
    /// - Throws: the first refusal.
    package func commit(_ requests: [NetlinkRequest]) throws(NetlinkError) {
        guard let beginning = requests.first else { return }
        let first = takeSequences(requests.count + 2)
        let all =
            [NetfilterRequest.bracket(.NFNL_MSG_BATCH_BEGIN)] + requests + [
                NetfilterRequest.bracket(.NFNL_MSG_BATCH_END)
            ]
        var datagram: [UInt8] = []
        for (index, request) in all.enumerated() {
            let acknowledge: MessageFlags = index == requests.count ? .NLM_F_ACK : []
            datagram += try request.encoded(sequence: first + UInt32(index), port: port, adding: acknowledge)
        }
        try send(datagram, "\(beginning.words) … (\(requests.count) requests)")
        while true {
            for message in try receive() where message.type == .NLMSG_ERROR {
                let index = Int(message.sequence &- first)
                guard index < all.count else { continue }
                try refuse(all[index], message)
                if index == requests.count { return }
            }
        }
    }

    /// The one record that the query asks for.
    package func get<Record>(_ query: NetlinkQuery<Record>) throws(NetlinkError) -> Record {
        let sequence = takeSequences(1)
        try send(try query.request.encoded(sequence: sequence, port: port), query.request.words)
        while true {
            for message in try receive() where message.sequence == sequence {
                if message.type == Record.messageType { return try Record(body: message.body) }
                if message.type == .NLMSG_ERROR { try refuse(query.request, message) }
            }
        }
    }

    /// Seconds for which a dump is begun again.
    private static let patience = 10

    /// All records of a table. Begins again where the table changed meanwhile (NLM_F_DUMP_INTR), as it does on a host that
    /// makes and removes links all the time; after 10 s of that it is EBUSY.
    package func dump<Record>(_ query: NetlinkQuery<Record>) throws(NetlinkError) -> [Record] {
        let start = EventLoop.now
        repeat {
            if let records = try dumpOnce(query) { return records }
        } while EventLoop.now - start < UInt64(NetlinkSocket.patience) * 1_000_000_000
        throw .system(SystemError("recv", query.request.words, errno: EBUSY))
    }

    /// Nil where the dump was interrupted by a change.
    private func dumpOnce<Record>(_ query: NetlinkQuery<Record>) throws(NetlinkError) -> [Record]? {
        let sequence = takeSequences(1)
        try send(try query.request.encoded(sequence: sequence, port: port), query.request.words)
        var records: [Record] = []
        var interrupted = false
        while true {
            for message in try receive() where message.sequence == sequence {
                interrupted = interrupted || message.flags.contains(.NLM_F_DUMP_INTR)
                switch message.type {
                case Record.messageType: records.append(try Record(body: message.body))
                case .NLMSG_DONE: return interrupted ? nil : records
                case .NLMSG_ERROR: try refuse(query.request, message)
                default: break
                }
            }
        }
    }

    private func refuse(_ request: NetlinkRequest, _ message: NetlinkMessage) throws(NetlinkError) {
        let answer = try Acknowledgement(message)
        guard answer.errno != 0 else { return }
        throw .refused(.init(request: request.words, errno: answer.errno, kernelText: answer.kernelText))
    }

    /// The first of so many numbers in a row; never 0, which is the number of messages that nobody asked for.
    private func takeSequences(_ count: Int) -> UInt32 {
        if nextSequence > .max - UInt32(count) { nextSequence = 1 }
        defer { nextSequence += UInt32(count) }
        return nextSequence
    }

    /// - Parameter words: what it asks for, as ip(8) has it.
    private func send(_ datagram: [UInt8], _ words: @autoclosure () -> String) throws(NetlinkError) {
        do throws(SystemError) {
            try check("send", words()) { Glibc.send(socket.raw, datagram, datagram.count, 0) }
        } catch { throw .system(error) }
    }

    /// The messages of the next datagram from the kernel that are addressed to this socket.
    private func receive() throws(NetlinkError) -> [NetlinkMessage] {
        while true {
            var sender = KernelAddress()
            let raw = socket.raw
            let count: Int
            do throws(SystemError) {
                count = try check("recv", "netlink") {
                    sender.withSocketAddress { address, length in
                        var length = length
                        return recvfrom(raw, &buffer, buffer.count, Int32(MSG_TRUNC), address, &length)
                    }
                }
            } catch { throw .system(error) }
            guard sender.port == 0 else { continue }  // a process, and not the kernel
            guard count <= buffer.count else {
                throw .malformed("a datagram of \(count) bytes where \(buffer.count) were expected")
            }
            return try NetlinkMessage.parse(buffer[..<count]).filter { $0.port == port }
        }
    }
}

/// `struct sockaddr_nl` (netlink(7)): port 0 is the kernel, or in bind(2) "choose one for me".
private struct KernelAddress {
    private var family = UInt16(AF_NETLINK)
    private var padding: UInt16 = 0
    var port: UInt32 = 0
    private var groups: UInt32 = 0

    mutating func withSocketAddress<T>(_ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> T) -> T {
        withUnsafeMutableBytes(of: &self) {
            body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}
