// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Volumes of the type `image`: what an image holds, read-only.
@Suite struct ImageMountTests {
    @Test(arguments: ["", "userns_mode: host,"])
    func `an image is mounted as it is, with its owners`(mode: String) throws {
        try Sandbox.run("imagemount") { box in
            try box.write(
                """
                import io, tarfile
                with tarfile.open("files.tar", "w") as t:
                    i = tarfile.TarInfo("etc/who"); i.size = 3; i.uid = 12; i.gid = 34; t.addfile(i, io.BytesIO(b"me\\n"))
                """, to: "make.py")
            #expect(box.run(["/usr/bin/python3", "make.py"]).status == 0)
            box.must("image", "import", "files.tar", "files:1")
            try box.write(
                """
                services:
                  a:
                    { image: busybox:1, \(mode) init: true, volumes: [
                        { type: image, source: "files:1", target: /one }, { type: image, source: "busybox:1", target: /deep/two } ] }
                """)
            box.must("up", "-d")
            #expect(box.exec("a", "sh", "-c", "cat /one/etc/who; stat -c %u:%g /one/etc/who") == "me\n12:34\n")
            #expect(box.exec("a", "sh", "-c", "ls /deep/two/bin/busybox") == "/deep/two/bin/busybox\n")
            #expect(box.exec("a", "sh", "-c", "touch /one/x 2>/dev/null || echo read-only") == "read-only\n")
            #expect(box.try_("image", "rm", "files:1").err.contains("in use by container"))
            // Another image under the name makes the container anew.
            box.must("image", "tag", "busybox:1", "files:1")
            box.must("up", "-d")
            #expect(box.exec("a", "sh", "-c", "ls /one/bin/busybox") == "/one/bin/busybox\n")
        }
    }

    @Test func `one that is not there is an error at its place`() throws {
        try Sandbox.run("noimagemount") { box in
            try box.write(
                "services:\n  a:\n    image: busybox:1\n    volumes: [{ type: image, source: nosuch/x, target: /x }]\n")
            let outcome = box.try_("up", "-d")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("compose.yaml:4:38: error: nosuch/x:latest: "), "\(outcome)")
        }
    }
}
