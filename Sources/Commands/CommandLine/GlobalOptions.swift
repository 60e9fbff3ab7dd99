// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core

/// Which project is meant, and how to print. As docker compose's.
package struct GlobalOptions: Hashable, Sendable {
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

    /// - Parameter arguments: those before the command. Where they are plain, no parser is needed, which is a third of what a
    ///   command's start takes.
    package init(parsing arguments: [String]) throws {
        self = try GlobalOptions(plain: arguments) ?? GlobalArguments.parse(arguments).values
    }

    /// The options as they are mostly given: nil for all else, which is for the parser to read, or to refuse.
    package init?(plain arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if setFlag(argument) { continue }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let isAssigned = parts.count == 2 && argument.hasPrefix("--")
            guard let value = isAssigned ? parts[1] : rest.popFirst(), !value.isEmpty, !value.hasPrefix("-"),
                set(isAssigned ? parts[0] : argument, value)
            else { return nil }
        }
    }

    private mutating func setFlag(_ name: String) -> Bool {
        switch name {
        case "--all-resources": allResources = true
        case "--dry-run": dryRun = true
        default: return false
        }
        return true
    }

    /// - Returns: whether there is such an option, and this is a value for it.
    private mutating func set(_ name: String, _ value: String) -> Bool {
        switch name {
        case "-f", "--file": file.append(value)
        case "-p", "--project-name": projectName = value
        case "--project-directory": projectDirectory = value
        case "--profile": profile.append(value)
        case "--env-file": envFile.append(value)
        case "--progress":
            progress = ProgressKind(rawValue: value)
            return progress != nil
        case "--ansi":
            ansi = AnsiMode(rawValue: value)
            return ansi != nil
        default: return false
        }
        return true
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
