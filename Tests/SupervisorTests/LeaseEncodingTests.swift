// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Networking
import Testing

@testable import Supervisor

@Suite struct LeaseEncodingTests {
    private func lease(_ number: Int, names: [String] = []) -> Lease {
        Lease(
            container: "c\(number)", project: "p", address: IPv4Address("10.1.0.\(number)"), address6: nil,
            names: names)
    }

    @Test func `whatever was encoded before, the array is that of the leases`() throws {
        var encoding = LeaseEncoding()
        let steps: [[Lease]] = [
            [], [lease(2)], [lease(2), lease(3)], [lease(2, names: ["web"]), lease(3)], [lease(3), lease(3)],
            [lease(2)], [],
        ]
        for leases in steps {
            #expect(try encoding.encode(leases) == encodeJSON(leases))
            #expect(try encoding.encode(leases) == encodeJSON(leases))
        }
    }
}
