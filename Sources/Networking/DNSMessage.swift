// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A message of the domain name system (RFC 1035, section 4).
package struct DNSMessage: Hashable, Sendable {
    /// TYPE values (RFC 1035, section 3.2.2; RFC 2782; RFC 3596; RFC 6891).
    package enum RecordType {
        package static let a: UInt16 = 1
        package static let ptr: UInt16 = 12
        package static let hinfo: UInt16 = 13
        package static let aaaa: UInt16 = 28
        package static let srv: UInt16 = 33
        package static let opt: UInt16 = 41
        package static let any: UInt16 = 255
    }

    /// RCODE values (RFC 1035, section 4.1.1).
    package enum Code: UInt8, Sendable {
        case noError = 0
        case formatError = 1
        case serverFailure = 2
        case nameError = 3
        case notImplemented = 4
        case refused = 5
    }

    package struct Question: Hashable, Sendable {
        package var name: DNSName
        package var type: UInt16
        /// 1: the Internet.
        package var `class`: UInt16
        package init(_ name: DNSName, type: UInt16, class: UInt16 = 1) {
            (self.name, self.type, self.class) = (name, type, `class`)
        }
    }

    package struct Record: Hashable, Sendable {
        package var name: DNSName?  // nil is the root
        package var type: UInt16
        package var `class`: UInt16
        package var ttl: UInt32
        package var data: [UInt8]
        package init(_ name: DNSName?, type: UInt16, class: UInt16 = 1, ttl: UInt32, data: [UInt8]) {
            (self.name, self.type, self.class, self.ttl, self.data) = (name, type, `class`, ttl, data)
        }
    }

    package enum Problem: Error, Hashable, Sendable {
        /// Too short even for a header: it cannot be answered.
        case noHeader
        /// The header can be read, what follows cannot: the answer is FORMERR.
        case malformed(id: UInt16, String)
    }

    package var id: UInt16
    /// QR, OPCODE, AA, TC, RD, RA, Z and RCODE as they stand in the header.
    package var flags: UInt16
    package var questions: [Question]
    package var answers: [Record]
    package var authorities: [Record]
    package var additionals: [Record]

    package init(
        id: UInt16, flags: UInt16, questions: [Question], answers: [Record] = [], authorities: [Record] = [],
        additionals: [Record] = []
    ) {
        (self.id, self.flags, self.questions) = (id, flags, questions)
        (self.answers, self.authorities, self.additionals) = (answers, authorities, additionals)
    }

    package var isResponse: Bool { flags & 0x8000 != 0 }
    package var opcode: UInt8 { UInt8(flags >> 11 & 0xf) }
    package var isTruncated: Bool { flags & 0x0200 != 0 }
    package var code: UInt8 { UInt8(flags & 0xf) }

    /// How many bytes of UDP the sender takes: 512 without EDNS (RFC 1035, section 4.2.1), else what its OPT record says
    /// (RFC 6891, section 6.2.3), of which no more than 4,096 are used: more is cut into fragments that get lost.
    package var largestDatagram: Int {
        guard let opt = additionals.first(where: { $0.type == RecordType.opt }) else { return 512 }
        return min(4096, max(512, Int(opt.class)))
    }

    // MARK: Reading

    package init(parsing bytes: [UInt8]) throws(Problem) {
        guard bytes.count >= 12 else { throw .noHeader }
        var reader = Reader(bytes: bytes)
        do throws(Reader.Malformed) {
            id = try reader.number()
            flags = try reader.number()
            let counts = (try reader.number(), try reader.number(), try reader.number(), try reader.number())
            // Each question takes at least 5 bytes and each record 11, so no count makes this longer than the message.
            questions = []
            for _ in 0..<counts.0 { questions.append(try reader.question()) }
            (answers, authorities, additionals) = ([], [], [])
            for _ in 0..<counts.1 { answers.append(try reader.record()) }
            for _ in 0..<counts.2 { authorities.append(try reader.record()) }
            for _ in 0..<counts.3 { additionals.append(try reader.record()) }
        } catch { throw .malformed(id: UInt16(bytes[0]) << 8 | UInt16(bytes[1]), error.what) }
    }

    // MARK: Writing

    /// The message on the wire. Records of the first question's name point back to it; nothing else is compressed.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for number in [
            id, flags, UInt16(questions.count), UInt16(answers.count), UInt16(authorities.count),
            UInt16(additionals.count),
        ] { bytes.append(number: number) }
        for question in questions {
            bytes.append(name: question.name)
            bytes.append(number: question.type)
            bytes.append(number: question.class)
        }
        for record in answers + authorities + additionals {
            if let first = questions.first, record.name == first.name {
                bytes.append(number: 0xc00c)
            } else {
                bytes.append(name: record.name)
            }
            bytes.append(number: record.type)
            bytes.append(number: record.class)
            bytes.append(number: UInt16(record.ttl >> 16))
            bytes.append(number: UInt16(truncatingIfNeeded: record.ttl))
            bytes.append(number: UInt16(record.data.count))
            bytes += record.data
        }
        return bytes
    }

    /// The answer to this query: same id, opcode, question and RD; QR and RA set; an OPT record where there was one.
    package func response(_ code: Code, _ answers: [Record] = []) -> DNSMessage {
        let hasOPT = additionals.contains { $0.type == RecordType.opt }
        let opt = Record(nil, type: RecordType.opt, class: 4096, ttl: 0, data: [])
        return DNSMessage(
            id: id, flags: 0x8080 | flags & 0x7900 | UInt16(code.rawValue), questions: questions, answers: answers,
            additionals: hasOPT ? [opt] : [])
    }

    /// The message on the wire in so many bytes of UDP: without what nobody asked for where that is too much (RFC 2782: who
    /// needs an address can ask for it), else the header and the question alone with TC set, so that the client asks again
    /// over TCP (RFC 2181, section 9).
    package func encoded(fitting largest: Int) -> [UInt8] {
        let whole = encoded
        if whole.count <= largest { return whole }
        var message = self
        message.additionals = additionals.filter { $0.type == RecordType.opt }
        let asked = message.encoded
        if asked.count <= largest { return asked }
        message.flags |= 0x0200
        (message.answers, message.authorities) = ([], [])
        return message.encoded
    }

    /// The answer to a message of which only the id could be read.
    package static func formatError(id: UInt16) -> DNSMessage {
        DNSMessage(id: id, flags: 0x8000 | UInt16(Code.formatError.rawValue), questions: [])
    }
}

extension [UInt8] {
    mutating func append(number: UInt16) {
        append(UInt8(number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }

    /// The root for nil.
    mutating func append(name: DNSName?) {
        for label in name?.labels ?? [] {
            append(UInt8(label.count))
            append(contentsOf: label)
        }
        append(0)
    }
}

/// Reads a message front to back; names may point back into what was read.
private struct Reader {
    struct Malformed: Error { var what: String }

    let bytes: [UInt8]
    var position = 0

    mutating func number() throws(Malformed) -> UInt16 {
        guard position + 2 <= bytes.count else { throw Malformed(what: "the message ends inside a number") }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    mutating func question() throws(Malformed) -> DNSMessage.Question {
        guard let name = try name() else { throw Malformed(what: "the question is about the root") }
        return DNSMessage.Question(name, type: try number(), class: try number())
    }

    mutating func record() throws(Malformed) -> DNSMessage.Record {
        let name = try name()
        let (type, `class`) = (try number(), try number())
        let ttl = UInt32(try number()) << 16 | UInt32(try number())
        let length = Int(try number())
        guard position + length <= bytes.count else { throw Malformed(what: "the message ends inside a record") }
        defer { position += length }
        return DNSMessage.Record(
            name, type: type, class: `class`, ttl: ttl, data: Array(bytes[position..<position + length]))
    }

    /// A name with compression (RFC 1035, section 4.1.4). Each pointer must point to before the part that it ends, so a name
    /// cannot go round in circles; its length bounds the rest. Nil is the root.
    mutating func name() throws(Malformed) -> DNSName? {
        var labels: [[UInt8]] = []
        var length = 1
        var cursor = position
        var start = position
        var afterFirstPointer: Int?
        while true {
            guard cursor < bytes.count else { throw Malformed(what: "the message ends inside a name") }
            let byte = Int(bytes[cursor])
            switch byte {
            case 0:
                position = afterFirstPointer ?? cursor + 1
                if labels.isEmpty { return nil }
                guard let name = DNSName(labels: labels) else { throw Malformed(what: "a name is too long") }
                return name
            case 1...63:
                guard cursor + 1 + byte <= bytes.count else { throw Malformed(what: "the message ends inside a label") }
                length += byte + 1
                guard length <= 255 else { throw Malformed(what: "a name is too long") }
                labels.append(Array(bytes[cursor + 1..<cursor + 1 + byte]))
                cursor += byte + 1
            case 0xc0...:
                guard cursor + 1 < bytes.count else { throw Malformed(what: "the message ends inside a pointer") }
                let target = (byte & 0x3f) << 8 | Int(bytes[cursor + 1])
                guard target < start else { throw Malformed(what: "a name's pointer does not point back") }
                afterFirstPointer = afterFirstPointer ?? cursor + 2
                (cursor, start) = (target, target)
            default: throw Malformed(what: "a label has the unknown kind \(byte >> 6)")
            }
        }
    }
}
