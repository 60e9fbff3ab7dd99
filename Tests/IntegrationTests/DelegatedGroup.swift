// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// A cgroup of v2 that is a user's own, as systemd makes one with `Delegate=yes`, in which a process of the user's lives.
struct DelegatedGroup {
    let path: String
    private let box: Sandbox
    private let resident: Process

    /// Where version 2 is mounted.
    static let mountPoint =
        FileManager.default.fileExists(atPath: "/sys/fs/cgroup/cgroup.controllers")
        ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified"

    /// Whether version 2 has a controller, and not version 1.
    static func has(_ controller: String) -> Bool {
        let text = (try? String(contentsOfFile: "\(mountPoint)/cgroup.controllers", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).contains(controller[...])
    }

    /// Runs the body with an account whose commands come from elsewhere, and with the same one in the group.
    static func with(
        _ box: Sandbox, _ controllers: [String] = [],
        _ body: (_ user: PlainUserAccount, _ inside: PlainUserAccount, _ group: DelegatedGroup) throws -> Void
    ) throws {
        try PlainUserAccount.with(box) { user in
            // Not at the top, where other tests enable what they need.
            let above = "\(mountPoint)/trice-test-\(getpid())", path = "\(above)/delegated"
            let script = """
                set -e; mkdir \(above); for c in \(controllers.joined(separator: " ")); do
                    echo +$c >\(mountPoint)/cgroup.subtree_control; echo +$c >\(above)/cgroup.subtree_control
                done
                mkdir \(path); cd \(path); chown \(user.uid):\(user.gid) . cgroup.procs cgroup.threads cgroup.subtree_control
                """
            let made = box.run(["/bin/sh", "-c", script])
            if made.status != 0 { throw Sandbox.Trouble(description: "\(path): \(made)") }
            var inside = user
            // A shell in it is moved with all else.
            inside.entry = [
                "/bin/sh", "-c",
                "for place in \(path)/trice-processes \(path); do { echo $$ >$place/cgroup.procs; } 2>/dev/null && exec \"$@\"; done",
                "sh",
            ]
            let resident = try inside.start(["/bin/sleep", "600"])
            let group = DelegatedGroup(path: path, box: box, resident: resident)
            defer { group.remove(after: user) }
            #expect(box.eventually { group.processes.contains(resident.processIdentifier) })
            try body(user, inside, group)
        }
    }

    /// Gives it an extended attribute, as systemd does to those of its units.
    func mark(_ name: String) {
        let outcome = box.run(["/usr/bin/env", "python3", "-c", "import os; os.setxattr('\(path)', '\(name)', b'1')"])
        #expect(outcome.status == 0, "\(outcome)")
    }

    /// The cgroups that were made in it.
    var children: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isDirectory)
                && isDirectory.boolValue
        }
    }

    private var processes: [Int32] {
        let text = (try? String(contentsOfFile: "\(path)/cgroup.procs", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { Int32($0) }
    }

    /// It is as it was made.
    func expectRestored(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(box.eventually { children.isEmpty }, "\(children)", sourceLocation: sourceLocation)
        let control = try? String(contentsOfFile: "\(path)/cgroup.subtree_control", encoding: .utf8)
        #expect(control?.allSatisfy(\.isWhitespace) == true, "\(control ?? "")", sourceLocation: sourceLocation)
        #expect(processes.contains(resident.processIdentifier), sourceLocation: sourceLocation)
    }

    private func remove(after user: PlainUserAccount) {
        user.takeDown()
        kill(resident.processIdentifier, SIGKILL)
        resident.waitUntilExit()
        let isGone = box.eventually { rmdir(path) == 0 }
        #expect(isGone, "\(path): \(children), \(processes)")
        rmdir(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }
}
