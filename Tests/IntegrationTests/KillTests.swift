// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import SplitMix
import Testing

/// SIGKILL at 200 random instants of what happens to a stack whose containers number the lines that they write: afterwards
/// the stack is as it is to be, no line is missing or there twice, and nothing leaks.
@Suite struct KillTests {
    /// What happens, what is killed meanwhile, and after how long.
    struct Blow: CustomStringConvertible {
        enum Victim: String, CaseIterable { case supervisor, launcher, command }
        let command: [String]
        let victims: Set<Victim>
        let milliseconds: Int32
        var description: String {
            let dead = victims.map(\.rawValue).sorted().joined(separator: " and ")
            return "\(dead) after \(milliseconds) ms of \(command.joined(separator: " "))"
        }

        init(_ random: inout some RandomNumberGenerator) {
            let commands = [
                ["up", "-d"], ["up", "-d", "--force-recreate", "-t", "20"], ["up", "-d", "--scale", "writer=3"],
                ["up", "-d", "--scale", "writer=1"], ["restart", "-t", "20"], ["stop", "-t", "20"],
                ["down", "-t", "20"],
            ]
            let victims: [Set<Victim>] = [
                [.supervisor], [.launcher], [.supervisor, .launcher], [.command], [.command, .supervisor],
                Set(Victim.allCases),
            ]
            command = commands[Int.random(in: 0..<commands.count, using: &random)]
            self.victims = victims[Int.random(in: 0..<victims.count, using: &random)]
            milliseconds = Int32.random(in: 0..<150, using: &random)
        }
    }

    /// Another one at each run, told with what fails; `TRICE_KILL_SEED` has a run done again.
    private static let seed =
        ProcessInfo.processInfo.environment["TRICE_KILL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
    private static let parts = 8
    private static let blowsPerPart = 25

    /// A run of `writer` names itself, counts, and says at its end how far it came. It counts and writes in one command, which
    /// no signal cuts in two.
    private static let stack = """
        services:
          writer:
            image: busybox:1
            init: true
            scale: 2
            command:
              - sh
              - -c
              - |
                read run < /proc/sys/kernel/random/uuid
                trap 'echo "$$run end $$i"; exit' TERM
                i=0
                echo "$$run" > /tmp/run
                while :; do
                  for j in 1 2 3 4 5; do echo "$$run $$((i += 1))"; done
                  sleep 0.01
                done
          reader: { image: busybox:1, init: true, depends_on: [writer] }
        """

    @Test(arguments: 0..<parts)
    func `whatever is killed at whatever instant, the next up puts it right, and no line is lost`(_ part: Int) throws {
        var random = SplitMix(state: Self.seed + UInt64(part))
        try Sandbox.run("kill\(part)") { box in
            try box.write(Self.stack)
            /// Runs whose last lines were in their pipe when nobody of trice was left to hold it.
            var lost: Set<String> = []
            for number in 0..<Self.blowsPerPart {
                let blow = Blow(&random)
                let story = "seed \(Self.seed), part \(part), blow \(number): \(blow)"
                let outcome = try strike(blow, in: box)
                #expect(blow.victims.contains(.command) || outcome.status == 0, "\(story)\n\(outcome)")
                let up = box.try_("up", "-d")
                #expect(up.status == 0, "\(story)\n\(up)\n\(supervisorLog(of: box))")
                #expect(box.ps().map(\.State) == ["running", "running", "running"], "\(story)\n\(box.ps())")
                let runs = Runs(box.try_("logs", "--no-log-prefix", "writer").lines)
                for mistake in runs.mistakes { Issue.record("\(story)\n\(mistake)") }
                let open = Set(runs.last.keys).subtracting(runs.ended).subtracting(current(in: box))
                if blow.victims.isSuperset(of: [.supervisor, .launcher]) { lost.formUnion(open) }
                #expect(open.isSubset(of: lost), "\(story)\n\(open): runs without an end")
            }
        }
    }

    private func supervisorLog(of box: Sandbox) -> String {
        let path = "\(box.directory)/run/projects/\(box.project)/supervisor.log"
        return (try? String(contentsOfFile: path, encoding: .utf8)) ?? "no \(path)"
    }

    /// The runs of the two writers that are there.
    private func current(in box: Sandbox) -> [String] {
        ["1", "2"].map { index in
            var run = ""
            box.eventually {
                run = box.try_("exec", "-T", "--index", index, "writer", "cat", "/tmp/run").lines.first ?? ""
                return !run.isEmpty
            }
            return run
        }
    }

    private func strike(_ blow: Blow, in box: Sandbox) throws -> Outcome {
        let command = try box.start(blow.command, output: "log")
        // How long is what is tried out here.
        poll(nil, 0, blow.milliseconds)
        let pids = [
            Blow.Victim.supervisor: box.supervisorPID, .launcher: box.launcherPID, .command: command.processIdentifier,
        ]
        for victim in blow.victims {
            if let pid = pids[victim] ?? nil, pid > 0, command.isRunning || victim != .command { kill(pid, SIGKILL) }
        }
        if !box.eventually(within: 30, { !command.isRunning }) {
            kill(command.processIdentifier, SIGKILL)
            command.waitUntilExit()
            return Outcome(status: -1, out: box.read("log"), err: "did not end within 30 s")
        }
        return Outcome(status: command.terminationStatus, out: box.read("log"), err: "")
    }
}

/// The runs of the writers, as their log tells them: their numbers begin with 1, and each follows the one before; a run that
/// is over says so behind its last one.
private struct Runs {
    var last: [String: Int] = [:]
    var ended: Set<String> = []
    var mistakes: [String] = []

    init(_ lines: [String]) {
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2, let number = Int(words[words.count - 1]) else {
                mistakes.append("'\(line)' is no line of a writer")
                continue
            }
            let before = last[words[0]] ?? 0
            if words.count == 3 {
                ended.insert(words[0])
                if number != before {
                    mistakes.append("run \(words[0]) ended at \(number), its last line is \(before)")
                }
            } else {
                if number != before + 1 { mistakes.append("run \(words[0]): \(number) after \(before)") }
                last[words[0]] = number
            }
        }
    }
}
