// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a container may write is bounded, shown by its effect.
@Suite struct DiskLimitTests {
    private static let stack = """
        services:
          a: { image: busybox:1, init: true, storage_opt: { size: 16m }, volumes: [data:/store] }
        volumes: { data: { driver_opts: { size: 12m } } }
        """

    /// How many MiB of 40 could be written, and why no more.
    private func fill(_ path: String, _ box: Sandbox) -> (written: Int, why: String) {
        let outcome = box.try_("exec", "-T", "a", "dd", "if=/dev/zero", "of=\(path)", "bs=1M", "count=40")
        let copied = outcome.err.split(separator: "\n").first { $0.hasSuffix("records out") } ?? ""
        return (copied.split(separator: "+").first.flatMap { Int($0) } ?? -1, outcome.err)
    }

    @Test func `files and volumes have room for what the file says, over stops and starts`() throws {
        try Sandbox.run("disk") { box in
            try box.write(DiskLimitTests.stack)
            box.must("up", "-d")
            let root = fill("/big", box), data = fill("/store/big", box)
            #expect((10...15).contains(root.written) && root.why.contains("No space left on device"), "\(root)")
            #expect((6...11).contains(data.written) && data.why.contains("No space left on device"), "\(data)")
            // The volume was empty, and belongs to root.
            #expect(box.exec("a", "sh", "-c", "ls /store; stat -c %u /store") == "big\n0\n")

            box.must("stop", "-t", "0")
            #expect(box.must("cp", "a:/big", "big").status == 0)
            box.must("start")
            #expect(fill("/more", box).written == 0)
            box.must("exec", "-T", "a", "rm", "/big")
            #expect(fill("/more", box).written > 8)

            // A volume outlives its mount.
            box.must("down")
            box.must("up", "-d")
            #expect(box.exec("a", "ls", "/store") == "big\n")
        }
    }

    /// Whether an ext4 with project quotas can be mounted here. Debian's kernel can, on which Tests/vm runs this.
    private static let hasProjectQuotas: Bool = {
        let script = """
            d=$(mktemp -d) && truncate -s 16M $d/disk && mkfs.ext4 -q -O quota,project -E quotatype=prjquota $d/disk &&
            mkdir $d/mount && mount -o loop,prjquota $d/disk $d/mount && umount $d/mount
            status=$?; rm -rf $d; exit $status
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(.enabled(if: hasProjectQuotas, "this kernel cannot enforce project quotas"))
    func `where the file system has project quotas they are used`() throws {
        try Sandbox.run("quota") { box in
            let disk = "\(box.directory)/disk", root = "\(box.directory)/root"
            _ = box.trice("image", "rm", "busybox:1")
            let made = box.run([
                "/bin/sh", "-c",
                """
                set -e; truncate -s 200M \(disk); mkfs.ext4 -q -O quota,project -E quotatype=prjquota \(disk)
                rm -rf \(root); mkdir \(root); mount -o loop,prjquota \(disk) \(root); rmdir \(root)/lost+found
                """,
            ])
            defer { #expect(box.run(["/bin/umount", root]).status == 0) }
            try #require(made.status == 0, "\(made)")
            box.trice("image", "import", "--change", "CMD sleep 600", try BusyboxImage.path(), "busybox:1")
            try box.write(DiskLimitTests.stack)
            box.must("up", "-d")
            #expect(fill("/big", box).written == 15)
            let data = fill("/store/big", box)
            #expect(data.written == 11 && data.why.contains("Disk quota exceeded"), "\(data)")
            let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
            #expect(!mounts.contains("\(root)/"))
            box.must("down", "-v", "-t", "0")
        }
    }

    struct Refused: CustomTestStringConvertible {
        let stack: String
        let says: String
        var testDescription: String { stack }
    }

    @Test(arguments: [
        Refused(
            stack: "services:\n  a: { image: busybox:1, storage_opt: { size: 1k } }",
            says: "storage_opt.size: 1024 bytes of disk are less than the 8 MiB"),
        Refused(
            stack: "services:\n  a: { image: busybox:1, storage_opt: { size: many } }",
            says: "storage_opt.size: 'many' is no size"),
        Refused(
            stack: "services:\n  a: { image: busybox:1, storage_opt: { dm.basesize: 1g } }",
            says: "storage_opt.dm.basesize is not supported"),
        Refused(
            stack:
                "services: { a: { image: busybox:1, volumes: [v:/v] } }\nvolumes:\n  v: { driver_opts: { type: tmpfs, device: tmpfs, size: 1g } }",
            says: "driver_opts.size limits a directory of trice's own"),
    ])
    func `a limit that cannot be is refused at its place`(_ row: Refused) throws {
        try Sandbox.run("refused") { box in
            try box.write(row.stack)
            let outcome = box.try_("up", "-d")
            #expect(outcome.status != 0 && outcome.err.contains("compose.yaml:"), "\(outcome)")
            #expect(outcome.err.contains(row.says), "\(outcome)")
        }
    }
}
