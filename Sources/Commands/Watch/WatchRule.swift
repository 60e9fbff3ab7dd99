// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux

/// A trigger of a service's `develop.watch`: which files it is for, and where they belong in the container
/// (Compose Specification, develop.md). Pure but for reading `.dockerignore`.
struct WatchRule {
    let service: String
    let trigger: Develop.Trigger
    private let ignored: IgnorePatterns
    private let included: IgnorePatterns
    /// Of the build context's `.dockerignore`, and where it is.
    private let context: (patterns: IgnorePatterns, directory: String)?

    /// What editors leave for a moment, and git's own files: never synchronised, as with docker compose.
    private static let ephemeral = IgnorePatterns([
        "**/.git", "**/.idea", "**/*.swp", "**/*.swx", "**/*~", "**/4913", "**/.#*", "**/#*#", "**/*___jb_tmp___",
        "**/*___jb_old___", "**/.sb-*", "**/.goutputstream-*",
    ])

    init(_ service: Service, _ trigger: Develop.Trigger) throws {
        (self.service, self.trigger) = (service.name, trigger)
        (ignored, included) = (IgnorePatterns(trigger.ignore), IgnorePatterns(trigger.include))
        guard let directory = service.build?.context, exists("\(directory)/.dockerignore") else {
            context = nil
            return
        }
        context = (IgnorePatterns(file: try readText("\(directory)/.dockerignore")), directory)
    }

    /// The path below the trigger's own; empty for the path itself, nil where it is not below it.
    func relative(_ path: String) -> String? { WatchRule.relative(path, to: trigger.path) }

    private static func relative(_ path: String, to root: String) -> String? {
        if path == root { return "" }
        let prefix = root == "/" ? "/" : "\(root)/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }

    /// Whether the file at this path is one of the rule's.
    func covers(_ path: String) -> Bool {
        guard let relative = relative(path) else { return false }
        if relative.isEmpty { return true }
        if WatchRule.ephemeral.matches(relative) || ignored.matches(relative) { return false }
        if let context, let below = WatchRule.relative(path, to: context.directory), context.patterns.matches(below) {
            return false
        }
        return included.isEmpty || included.matches(relative)
    }

    /// Whether a file of the rule's can be in this directory.
    func enters(_ directory: String) -> Bool {
        guard let relative = relative(directory) else {
            return WatchRule.relative(trigger.path, to: directory) != nil
        }
        if relative.isEmpty { return true }
        if WatchRule.ephemeral.matches(relative) { return false }
        if ignored.matches(relative) && !ignored.hasExceptions { return false }
        if let context, !context.patterns.hasExceptions,
            let below = WatchRule.relative(directory, to: context.directory), context.patterns.matches(below)
        {
            return false
        }
        return true
    }

    /// Where the file at this path belongs in the container.
    func target(of path: String) -> String? {
        guard let target = trigger.target, let relative = relative(path) else { return nil }
        if relative.isEmpty { return target }
        return target.hasSuffix("/") ? target + relative : "\(target)/\(relative)"
    }
}
