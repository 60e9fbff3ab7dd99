// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Benchmark
import Networking

/// A network of 1,000 names, and a query for one of them.
private struct Case {
    var zone = DNSZone()
    let query: [UInt8]

    init() {
        for number in 0..<1000 {
            let address = IPv4Address("10.1.\(number / 250).\(number % 250 + 2)")!
            zone.add(["micro-s\(number)-1", "s\(number)"], at: DNSZone.Place(address, nil), network: "micro_default")
        }
        let question = DNSMessage.Question(DNSName("s500")!, type: DNSMessage.RecordType.a)
        query = DNSMessage(id: 1, flags: 0x0100, questions: [question]).encoded
    }

    /// What the resolver does between recvfrom(2) and sendto(2).
    func answer(_ random: inout some RandomNumberGenerator) throws -> [UInt8]? {
        let query = try DNSMessage(parsing: self.query)
        let question = query.questions[0]
        return query.response(to: question, zone.answer(question, in: ["micro_default"], using: &random))?.encoded
    }
}

func nameBenchmarks() {
    Benchmark("DNS, 100 answers, 1,000 names") { (_, one: Case) in
        var random = SystemRandomNumberGenerator()
        for _ in 0..<100 { blackHole(try one.answer(&random)) }
    } setup: {
        Case()
    }
}
