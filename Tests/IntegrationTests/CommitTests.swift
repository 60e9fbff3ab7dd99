// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a container or a volume holds, made into an image or an archive.
@Suite struct CommitTests {
    @Test(arguments: ["", "userns_mode: host, ", "storage_opt: { size: 16m }, "])
    func `an image of a container has what was added, changed and removed, and runs as the service did`(
        _ attributes: String
    ) throws {
        try Sandbox.run("commit") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, \(attributes)init: true, command: sleep 600, environment: { COLOUR: red }, volumes: ["v:/v"] }
                  b: { image: "shop/web:next", command: sh -c 'echo $$COLOUR; cat /srv/new /data/sub/*; ls /data; stat -c %u:%g /srv/new', profiles: [later] }
                volumes: { v: {} }
                """)
            box.must("up", "-d")
            let script =
                "echo new > /srv/new; chown app:staff /srv/new; rm /data/plain; rm -r /data/sub; mkdir /data/sub; echo other > /data/sub/other; echo no > /v/no"
            box.must("exec", "-T", "a", "sh", "-c", script)
            let id = box.must("commit", "-m", "for the test", "-c", "LABEL made=here", "a", "shop/web:next").out
            #expect(box.state(of: "a") == "running")
            // `deep` and `plain` are gone, whether removed by name or with their directory.
            #expect(box.must("run", "--rm", "-T", "b").out == "red\nnew\nother\nlink\nsub\n1001:2000\n")
            let inspected = box.trice("image", "inspect", "shop/web:next").out
            #expect(inspected.contains(id.trimmingCharacters(in: .newlines)) && inspected.contains("\"made\""))

            // Of one that has ended, on top of the one that was made.
            box.must("stop", "-t", "0", "a")
            #expect(box.must("commit", "a").out.hasPrefix("sha256:"))
        }
    }

    @Test func `a volume is exported, imported and pruned`() throws {
        try Sandbox.run("volumes") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, volumes: ["v:/v", /anonymous], command: "sh -c 'echo kept > /v/f; chown 7:8 /v/f'" }
                volumes: { v: {} }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.state(of: "a") == "exited" })
            box.must("volume", "export", "-o", "v.tar", "volumes_v")
            box.must("volume", "import", "copy", "v.tar")
            #expect(
                box.run(["/usr/bin/stat", "-c", "%u:%g", "\(box.directory)/root/volumes/copy/_data/f"]).out == "7:8\n")
            #expect(box.try_("volume", "export", "none").err.contains("no such volume: none"))
            // One that is used stays, and so does one with a name.
            #expect(box.must("volume", "prune").lines.count == 1)
            box.must("down")
            #expect(!box.must("volume", "prune", "--all").out.contains("anonymous"))
            #expect(box.must("volume", "ls", "-q").out == "")
        }
    }
}
