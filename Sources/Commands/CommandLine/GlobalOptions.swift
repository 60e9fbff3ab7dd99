// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core

/// Which project is meant, and how to print. As docker compose's.
package struct GlobalOptions: Sendable {
    package var file: [String] = []
    package var projectName: String?
    package var projectDirectory: String?
    package var profile: [String] = []
    package var envFile: [String] = []
    package var parallel: Int?
    package var allResources = false
    package var compatibility = false
    package var dryRun = false
    package var progress: ProgressKind?
    package var diagnostics: DiagnosticFormat = .text
    package var ansi: AnsiMode?

    package init() {}

    /// - Parameter arguments: those before the command. Most often there are none, and then no parser is needed, which is a
    ///   third of what a command's start takes.
    package init(parsing arguments: [String]) throws {
        if !arguments.isEmpty { self = try GlobalArguments.parse(arguments).values }
    }

    /// What is not given is as the environment says, else left to circumstances.
    func withEnvironment() throws -> GlobalOptions {
        func value<Value: RawRepresentable<String>>(_ name: String, _ type: Value.Type) throws(ValidationError)
            -> Value?
        {
            guard let text = Context.environment[name], !text.isEmpty else { return nil }
            guard let value = Value(rawValue: text) else {
                throw ValidationError("\(name): \(text) is no value for it")
            }
            return value
        }
        var options = self
        options.progress = try progress ?? value("COMPOSE_PROGRESS", ProgressKind.self) ?? .auto
        options.ansi = try ansi ?? value("COMPOSE_ANSI", AnsiMode.self) ?? .auto
        if parallel == nil, let text = Context.environment["COMPOSE_PARALLEL_LIMIT"] {
            // In docker compose's words.
            guard let number = Int(text) else {
                throw Failure("COMPOSE_PARALLEL_LIMIT must be an integer (found: \"\(text)\")")
            }
            options.parallel = number
        }
        return options
    }

    /// The bound on what goes on at once; nil without one, which every number below 1 says, as with docker compose.
    var parallelism: Int? { parallel.flatMap { $0 > 0 ? $0 : nil } }

    static var removesOrphans: Bool { isSet("COMPOSE_REMOVE_ORPHANS") }
    static var hasMenu: Bool { isSet("COMPOSE_MENU") }

    private static func isSet(_ variable: String) -> Bool {
        ["1", "true"].contains(Context.environment[variable]?.lowercased())
    }
}

package enum ProgressKind: String, ExpressibleByArgument, CaseIterable, Sendable { case auto, tty, plain, json, quiet }
package enum DiagnosticFormat: String, ExpressibleByArgument, CaseIterable, Sendable { case text, json, github }
package enum AnsiMode: String, ExpressibleByArgument, CaseIterable, Sendable { case auto, never, always }
