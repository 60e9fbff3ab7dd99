// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Supervisor

@Suite struct HTTPStatusTests {
    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\n", .status(200)), ("HTTP/1.0 404\r\n", .status(404)),
            ("HTTP/1.1 302 \r", .status(302)),
            ("", .incomplete), ("HTT", .incomplete), ("HTTP/1.1 20", .incomplete), ("HTTP/1.1 200", .incomplete),
            ("SSH-2.0-x", .malformed), ("HTTP/2 200 OK\r\n", .malformed), ("HTTP/1.1 2x0 OK\r\n", .malformed),
            ("HTTP/1.1 2000 \r\n", .malformed), ("HTTP/1.1200 OK \r\n", .malformed),
        ] as [(String, HTTPStatus)])
    func `the status is the three digits of the first line`(_ row: (String, HTTPStatus)) {
        #expect(HTTPStatus.parse(Array(row.0.utf8)) == row.1)
    }
}
