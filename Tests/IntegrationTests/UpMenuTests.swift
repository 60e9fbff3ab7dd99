// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

/// The keys of `up --menu`, pressed in a terminal.
@Suite struct UpMenuTests {
    @Test func `w turns watching on and off, and d leaves the stack alone`() throws {
        try Sandbox.run("menu") { box in
            try box.makeDirectory("src")
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    develop: { watch: [{ action: sync, path: ./src, target: /srv }] }
                """)
            let screen = try Screen(box)
            screen.type("trice -p menu up --menu")
            screen.shows("w Enable Watch")
            screen.press("w")
            screen.shows("w Disable Watch")
            try box.write("one\n", to: "src/f")
            #expect(box.eventually { box.exec("a", "cat", "/srv/f") == "one\n" })
            screen.press("w")
            screen.shows("Watch disabled")
            screen.press("d")
            screen.shows("Detached")
            #expect(box.state(of: "a") == "running")
        }
    }

    @Test func `without a terminal there are no keys`() throws {
        try Sandbox.run("nomenu") { box in
            try box.write("services: { a: { image: busybox:1 } }")
            let up = box.try_("up", "--menu")
            #expect(up.status == 16, "\(up)")
            #expect(up.err.contains("--menu wants a terminal"), "\(up)")
        }
    }
}
