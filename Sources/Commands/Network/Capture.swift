// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import CLinux
import Compose
import Core
import Glibc
import Linux
import Networking
import Reconciler
import Runtime
import Supervisor

struct Capture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture", abstract: "Write the packets that a container sends and gets, as pcapng.",
        discussion: """
            With PEER only those between the two services, of the networks that they share. It ends with the container's \
            links, after --count packets, or by Ctrl-C, and says then how many packets there were and how many were lost. \
            For example: trice capture web db | wireshark -k -i -
            """)

    @Option(name: [.short, .long], help: ArgumentHelp("Where to; - is standard output.", valueName: "FILE"))
    var output = "-"
    @Option(name: [.customShort("c"), .long], help: ArgumentHelp("End after so many packets.", valueName: "NUMBER"))
    var count: Int?
    @Option(help: ArgumentHelp("Keep so many bytes of each packet.", valueName: "BYTES"))
    var snaplen = 262_144
    @Option(help: ArgumentHelp("The replica with this number.", valueName: "NUMBER"))
    var index = 1
    @Argument(help: ArgumentHelp("Whose packets.", valueName: "SERVICE"), completion: .services)
    var service: String
    @Argument(help: ArgumentHelp("The other side.", valueName: "PEER"), completion: .services)
    var peer: String?

    func validate() throws {
        guard (1...262_144).contains(snaplen) else { throw ValidationError("--snaplen is from 1 to 262144 bytes") }
        if let count, count < 1 { throw ValidationError("--count is a number from 1 on") }
    }

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let records = RecordStore(paths)
        let record = try records.replica(index, of: service, context)
        let (attachments, filter) = try edge(of: record, peer.map { try records.chosen([$0], context) })
        if output == "-" && isatty(1) == 1 {
            throw Failure("packets are not for a terminal", hint: "-o FILE, or | wireshark -k -i -")
        }
        guard let pid = record.state.process?.pid else { throw Failure("\(record.name) does not run") }
        try Effect.perform([Effect("capture", .container, record.name, output)]) {
            try capture(attachments, filter, of: record, pid: pid, paths.roots)
        }
    }

    private func capture(
        _ attachments: [Attachment], _ filter: PeerFilter?, of record: ContainerRecord, pid: Int32, _ roots: Roots
    ) throws {
        let links = try attachments.map { attachment in
            do { return try capture(attachment, of: record, pid: pid, roots) } catch {
                throw Failure("the packets of \(record.name) on \(attachment.network) cannot be captured: \(error)")
            }
        }
        let file = try CaptureOutput(output, links: attachments.map { "\(record.name) \($0.network)" }, snaplen)
        try CaptureSession(links, file, filter, most: count).run()
        Output.standardError("\(file.packets) packets captured, \(file.dropped) lost\n")
    }

    /// At the host's end of the link to a bridge; inside where there is no such end.
    private func capture(
        _ attachment: Attachment, of record: ContainerRecord, pid: Int32, _ roots: Roots
    ) throws -> PacketCapture {
        if try NetworkStore(roots).record(attachment.network)?.parent != nil {
            return try withNetworkNamespace(ofPID: pid) {
                try PacketCapture(link: attachment.interface, longest: snaplen, isInside: true)
            }
        }
        let name = LinkName.veth(tag: roots.tag, container: record.id, network: attachment.network, salt: Int(pid))
        return try PacketCapture(link: name, longest: snaplen)
    }

    /// The container's places on its networks, or on those that it shares with the peer, and whose packets count.
    private func edge(
        of record: ContainerRecord, _ peers: [ContainerRecord]?
    ) throws -> (attachments: [Attachment], filter: PeerFilter?) {
        let own = record.state.addresses
        guard record.state.reconciled.phase == .running else { throw Failure("\(record.name) does not run") }
        guard !own.isEmpty else {
            let mode = record.config.definition.networkMode?.text ?? "none"
            throw Failure("\(record.name) has no link of its own: its network_mode is \(mode)")
        }
        guard let peers, let peer else { return (own, nil) }
        let others = peers.filter { $0.id != record.id && $0.isActive }.flatMap(\.state.addresses)
        let shared = own.filter { place in others.contains { $0.network == place.network } }
        guard !shared.isEmpty else { throw Failure("\(service) and \(peer) share no network on which both run") }
        let theirs = others.filter { place in shared.contains { $0.network == place.network } }
        return (
            shared,
            PeerFilter(
                theirs.compactMap { IPv4Address($0.address) },
                theirs.compactMap { $0.address6.flatMap { IPv6Address($0) } })
        )
    }
}

/// The pcapng file that is written.
final class CaptureOutput {
    private let file: Descriptor
    private(set) var packets = 0
    private(set) var dropped = 0
    private var waiting: [UInt8] = []

    init(_ path: String, links names: [String], _ longest: Int) throws(SystemError) {
        file =
            path == "-"
            ? Descriptor(try check("dup") { dup(1) })
            : try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        waiting = CaptureFormat.header(program: "trice \(Trice.version)")
        for name in names { waiting += CaptureFormat.interface(name, longest: longest) }
        try flush()
    }

    func add(_ packet: PacketCapture.Packet, of link: Int) throws(SystemError) {
        waiting += CaptureFormat.packet(packet, interface: link)
        packets += 1
        if waiting.count > 1 << 20 { try flush() }
    }

    func finish(_ links: [PacketCapture]) throws(SystemError) {
        for (index, link) in links.enumerated() {
            let lost = try link.dropped()
            dropped += lost
            waiting += CaptureFormat.statistics(interface: index, time: realTime(), dropped: lost)
        }
        try flush()
    }

    func flush() throws(SystemError) {
        try file.writeAll(waiting)
        waiting = []
    }
}

/// Takes packets from the links until it is over.
private final class CaptureSession {
    private let links: [PacketCapture]
    private let file: CaptureOutput
    private let filter: PeerFilter?
    private let most: Int?
    /// Links that are gone.
    private var ended: Set<Int> = []

    init(_ links: [PacketCapture], _ file: CaptureOutput, _ filter: PeerFilter?, most: Int?) {
        (self.links, self.file, self.filter, self.most) = (links, file, filter, most)
    }

    private var isFull: Bool { most.map { file.packets >= $0 } ?? false }

    func run() throws {
        let signals = try CallerSignals([SIGINT, SIGTERM, SIGHUP])
        while ended.count < links.count, !isFull {
            var polled = links.indices.map { index in
                pollfd(fd: ended.contains(index) ? -1 : links[index].descriptor.raw, events: Int16(POLLIN), revents: 0)
            }
            polled.append(pollfd(fd: signals.descriptor.raw, events: Int16(POLLIN), revents: 0))
            if poll(&polled, nfds_t(polled.count), -1) < 0 && errno != EINTR { throw SystemError("poll") }
            for index in links.indices where polled[index].revents != 0 { try take(from: index) }
            try file.flush()
            if signals.next() != nil { break }
        }
        try file.finish(links)
    }

    private func take(from index: Int) throws {
        do throws(SystemError) {
            // So many that the others and the signals have their turn.
            for _ in 0..<1024 where !isFull {
                guard let packet = try links[index].next() else { return }
                if filter?.passes(packet.bytes) ?? true { try file.add(packet, of: index) }
            }
        } catch {
            guard error.errno == ENETDOWN else { throw error }
            ended.insert(index)
        }
    }
}
