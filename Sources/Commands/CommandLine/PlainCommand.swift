// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser

/// The commands that scripts give by the hundred, read without the parser where they are plain: it takes more than half of what
/// the process of an `exec` does. All else is for the parser to read, or to refuse, and a test holds these to what it says.
enum PlainCommand {
    /// Nil where the words are not plain.
    static func read(_ words: [String]) -> (any ParsableCommand)? {
        let rest = words.dropFirst()
        switch words.first {
        case "exec": return Exec(plain: rest)
        case "ps": return Ps(plain: rest)
        case "up": return Up(plain: rest)
        default: return nil
        }
    }

    /// Whether it can be nothing but an argument.
    fileprivate static func isArgument(_ word: String) -> Bool { !word.isEmpty && !word.hasPrefix("-") }

    /// An option's value, which is taken off the words.
    fileprivate static func value(_ rest: inout ArraySlice<String>) -> String? {
        guard let word = rest.first, isArgument(word) else { return nil }
        rest.removeFirst()
        return word
    }
}

extension Exec {
    fileprivate init?(plain words: ArraySlice<String>) {
        self.init()
        (detach, noTTY, tty, interactive, privileged) = (false, false, false, true, false)
        (user, workdir, env, index) = (nil, nil, [], 1)
        var rest = words
        while let word = rest.popFirst() {
            switch word {
            case "-d", "--detach": detach = true
            case "-T": noTTY = true
            case "-u", "--user", "-w", "--workdir", "-e", "--env":
                guard let value = PlainCommand.value(&rest) else { return nil }
                switch word {
                case "-u", "--user": user = value
                case "-w", "--workdir": workdir = value
                default: env.append(value)
                }
            default:
                guard PlainCommand.isArgument(word), let first = rest.first, PlainCommand.isArgument(first) else {
                    return nil
                }
                (service, command) = (word, Array(rest))
                return
            }
        }
        return nil
    }
}

extension Ps {
    fileprivate init?(plain words: ArraySlice<String>) {
        self.init()
        (all, quiet, services, noTrunc, orphans) = (false, false, false, false, true)
        (format, filter, status, names) = ("table", [], [], [])
        for word in words {
            switch word {
            case "-a", "--all": all = true
            case "-q", "--quiet": quiet = true
            case "--services": services = true
            default:
                guard PlainCommand.isArgument(word) else { return nil }
                names.append(word)
            }
        }
    }
}

extension Up {
    fileprivate init?(plain words: ArraySlice<String>) {
        self.init()
        (detach, wait, waitTimeout, build, pull) = (false, false, nil, nil, nil)
        (quietPull, quietBuild, forceRecreate, noRecreate) = (false, false, false, false)
        (alwaysRecreateDeps, noDeps, noStart, removeOrphans) = (false, false, false, false)
        (renewAnonVolumes, timeout, scale) = (false, nil, [])
        (abortOnContainerExit, abortOnContainerFailure, exitCodeFrom) = (false, false, nil)
        (noLogPrefix, noColor, timestamps, attach, noAttach) = (false, false, false, [], [])
        (attachDependencies, watch, menu, plan, trace, yes) = (false, false, nil, nil, nil, false)
        services = []
        for word in words {
            switch word {
            case "-d", "--detach": detach = true
            case "--wait": wait = true
            case "--remove-orphans": removeOrphans = true
            default:
                guard PlainCommand.isArgument(word) else { return nil }
                services.append(word)
            }
        }
    }
}
