// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Runtime
import Supervisor
import Synchronization

/// Something that a command does to this host or to a registry, as a plan has it: `stop shop-web-1`, `pull image redis:7`.
struct Effect: Hashable, CustomStringConvertible {
    enum Kind: String { case container, network, volume, image, application, archive, file, registry }

    let description: String

    /// - Parameter detail: what else there is to say of it.
    init(_ verb: String, _ kind: Kind, _ name: String, _ detail: String? = nil) {
        let words = kind == .container ? [verb, name] : [verb, kind.rawValue, name]
        description = words.joined(separator: " ") + (detail.map { ": \($0)" } ?? "")
    }
}

extension Effect {
    /// The one way in which commands change something: it is done, or, in a dry run, said.
    ///
    /// - Parameter effects: in the order in which they come about. They refuse what cannot be done, as doing it would.
    static func perform(_ effects: @autoclosure () throws -> [Effect], _ body: () throws -> Void) throws {
        try perform(effects(), otherwise: (), body)
    }

    /// - Parameter value: what a dry run goes on with.
    static func perform<Result>(
        _ effects: @autoclosure () throws -> [Effect], otherwise value: @autoclosure () -> Result,
        _ body: () throws -> Result
    ) throws -> Result {
        guard let dryRun = Trice.dryRun else { return try body() }
        dryRun.say(try effects().map { "\($0)\n" })
        return value()
    }
}

/// A command that says what it would do, and changes nothing (`--dry-run`).
final class DryRun: Sendable {
    /// Lines that were said; nil where nothing was to be done or said, as with commands that only read.
    private let count = Mutex<Int?>(nil)

    func say(_ lines: [String]) {
        Output.standardOutput(lines.joined())
        count.withLock { $0 = ($0 ?? 0) + lines.count }
    }

    /// Says so where all is as the command wants it.
    func finish() {
        if count.withLock({ $0 }) == 0 { Output.standardOutput("Nothing to do.\n") }
    }
}

extension SupervisorClient {
    /// What a request would have the supervisor do.
    static func effects(of command: Request.Command, _ paths: ProjectPaths) throws -> [Effect] {
        let store = RecordStore(paths)
        let surroundings = RequestForecast.Surroundings(
            saved: try store.loadDesired(), records: try store.current(), present: try Forecast.Present(paths),
            volumesOfOthers: try ContainerRecord.volumesInUse(paths.roots, besides: paths.project),
            absence: try ProjectControlGroups.of(paths).absence)
        return try RequestForecast(command, surroundings, now: realTime()).steps.map {
            Effect(line: $0.text.dropLast())
        }
    }
}

extension Effect {
    /// A line of a plan: what is done, with its reason.
    init(line: Substring) { description = String(line) }
}
