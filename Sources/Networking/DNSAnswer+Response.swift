// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

extension DNSMessage {
    /// How many seconds an answer may be kept: names come and go with their containers.
    package static let ttl: UInt32 = 5

    /// The response that carries an answer of the zone; nil for `.forward`.
    package func response(to question: Question, _ answer: DNSAnswer) -> DNSMessage? {
        switch answer {
        case .forward: return nil
        case .empty: return response(.noError)
        case .missing: return response(.nameError)
        case .minimal:
            let data = [7] + Array("RFC8482".utf8) + [0]
            return response(
                .noError, [Record(question.name, type: RecordType.hinfo, ttl: DNSMessage.ttl, data: data)])
        case .addresses(let addresses):
            return response(
                .noError,
                // More would not fit into a message of 64 KiB.
                addresses.prefix(4000).map {
                    Record(question.name, type: RecordType.a, ttl: DNSMessage.ttl, data: $0.bytes)
                })
        case .addresses6(let addresses):
            return response(
                .noError,
                // More would not fit into a message of 64 KiB.
                addresses.prefix(2000).map {
                    Record(question.name, type: RecordType.aaaa, ttl: DNSMessage.ttl, data: $0.bytes)
                })
        case .services(let services):
            // More would not fit into a message of 64 KiB, with their addresses.
            return response(to: question, services.prefix(200))
        case .pointer(let name):
            var data: [UInt8] = []
            data.append(name: name)
            return response(.noError, [Record(question.name, type: RecordType.ptr, ttl: DNSMessage.ttl, data: data)])
        }
    }

    private func response(to question: Question, _ services: ArraySlice<DNSAnswer.Service>) -> DNSMessage {
        var message = response(
            .noError,
            services.map { service in
                var data: [UInt8] = []
                for number in [0, 1, service.port] { data.append(number: number) }
                // Not compressed (RFC 2782, "Target").
                data.append(name: service.target)
                return Record(question.name, type: RecordType.srv, ttl: DNSMessage.ttl, data: data)
            })
        for service in services {
            if let address = service.place.address {
                message.additionals.append(
                    Record(service.target, type: RecordType.a, ttl: DNSMessage.ttl, data: address.bytes))
            }
            if let address = service.place.address6 {
                message.additionals.append(
                    Record(service.target, type: RecordType.aaaa, ttl: DNSMessage.ttl, data: address.bytes))
            }
        }
        return message
    }
}
