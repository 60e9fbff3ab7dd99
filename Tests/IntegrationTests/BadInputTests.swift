// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What is wrong is refused: at its place, with what to do, and with nothing half made left behind.
@Suite struct BadInputTests {
    @Test func `a root may have a path as long as the host allows`() throws {
        try Sandbox.run("long") { box in
            let long = "\(box.directory)/\(String(repeating: "l", count: 240))"
            let roots = ["TRICE_ROOT": "\(long)/root"]
            try box.write(
                "services: { a: { image: busybox:1, command: \"true\" }, b: { image: busybox:1, userns_mode: host, command: \"true\" } }"
            )
            let made = box.trice("image", "import", try BusyboxImage.path(), "busybox:1", environment: roots)
            #expect(made.status == 0, "\(made)")
            for service in ["a", "b"] {
                let outcome = box.try_("run", "--rm", "-T", service, environment: roots)
                #expect(outcome.status == 0, "\(outcome)")
            }
            let down = box.try_("down", "-v", environment: roots)
            #expect(down.status == 0, "\(down)")
        }
    }

    struct File: CustomTestStringConvertible {
        let name: String
        let text: String
        let says: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        File(name: "broken YAML", text: "services:\n  a: { image: x\n", says: ["compose.yaml:3:1: error:"]),
        File(
            name: "unknown key", text: "services:\n  a: { image: x, comand: ls }\n",
            says: ["compose.yaml:2:18: error:", "comand", "command"]),
        File(
            name: "undefined service", text: "services:\n  web: { image: x, depends_on: [dbb] }\n  db: { image: x }\n",
            says: ["compose.yaml:2:33: error:", "dbb", "db"]),
        File(
            name: "cycle",
            text:
                "services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [c] }\n  c: { image: x, depends_on: [a] }\n",
            says: ["compose.yaml:2:", "a → b → c → a"]),
        File(
            name: "undefined network", text: "services:\n  a: { image: x, networks: [nett] }\nnetworks: { net: {} }\n",
            says: ["compose.yaml:2:", "nett"]),
        File(
            name: "bad port", text: "services:\n  a: { image: x, ports: [\"70000:80\"] }\n",
            says: ["compose.yaml:2:", "70000"]),
    ])
    func `a wrong file is refused at FILE, LINE and COLUMN`(_ file: File) throws {
        try Sandbox.run("wrong") { box in
            try box.write(file.text)
            let outcome = box.try_("up", "-d")
            #expect(outcome.status == 1, "\(outcome)")
            for words in file.says { #expect(outcome.err.contains(words), "\(words) in \(outcome)") }
        }
    }

    @Test func `without a file it says so, as docker compose does`() throws {
        try Sandbox.run("nofile") { box in
            let outcome = box.try_("up", "-d")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("no configuration file provided: not found"), "\(outcome)")
            #expect(box.try_("-f", "other.yaml", "up", "-d").err.contains("other.yaml"))
        }
    }

    @Test(arguments: [
        ["up", "--no-such-flag"], ["up", "-d", "--force-recreate", "--no-recreate"], ["up", "-d", "--scale", "a"],
        ["logs", "--tail", "x"], ["kill", "-s", "NOPE"], ["no-such-command"],
    ])
    func `a wrong command line ends with 16, as docker compose's`(_ arguments: [String]) throws {
        try Sandbox.run("flags") { box in
            try box.write("services: { a: { image: busybox:1 } }")
            let outcome = box.run([Sandbox.binary] + arguments)
            #expect(outcome.status == 16, "\(outcome)")
        }
    }

    struct Archive: CustomTestStringConvertible {
        let name: String
        /// Makes `bad.tar` in the work directory.
        let script: String
        let says: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Archive(name: "no archive", script: "echo hello > bad.tar", says: "bad.tar"),
        Archive(
            name: "no image", script: "echo x > x; tar -cf bad.tar x", says: "neither manifest.json nor index.json"),
        Archive(
            name: "cut off",
            script:
                "head -c 300000 /dev/urandom > layer.tar; tar -cf whole.tar layer.tar; head -c 100000 whole.tar > bad.tar",
            says: "bad.tar"),
        Archive(
            name: "wrong digest",
            script: """
                mkdir l; echo x > l/x; tar -cf layer.tar -C l .
                echo '{"rootfs":{"type":"layers","diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000"]}}' > config.json
                echo '[{"Config":"config.json","RepoTags":["bad:1"],"Layers":["layer.tar"]}]' > manifest.json
                tar -cf bad.tar manifest.json config.json layer.tar
                """, says: "digest"),
        Archive(
            name: "escape",
            script: """
                echo x > evil; tar -cPf layer.tar --transform='s,evil,../../../evil,' evil; d=$(sha256sum layer.tar | cut -d' ' -f1)
                echo "{\\"rootfs\\":{\\"type\\":\\"layers\\",\\"diff_ids\\":[\\"sha256:$d\\"]}}" > config.json
                echo '[{"Config":"config.json","RepoTags":["bad:1"],"Layers":["layer.tar"]}]' > manifest.json
                tar -cf bad.tar manifest.json config.json layer.tar
                """, says: "leads out of the layer"),
    ])
    func `a bad image archive is refused, and nothing of it stays`(_ archive: Archive) throws {
        try Sandbox.run("archive") { box in
            #expect(box.run(["/bin/sh", "-ec", archive.script]).status == 0)
            let before = try box.storedFiles()
            let outcome = box.trice("image", "load", "-i", "bad.tar")
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.err.contains(archive.says), "\(outcome)")
            #expect(try box.storedFiles() == before)
        }
    }
}

extension Sandbox {
    /// What the image store has on disk.
    func storedFiles() throws -> [String] {
        ["blobs/sha256", "layers", "."].flatMap { name in
            ((try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/root/images/\(name)")) ?? []).sorted()
        }
    }
}
