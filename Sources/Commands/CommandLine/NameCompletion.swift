// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Images
import Linux
import Runtime
import Supervisor

/// Names that a shell completes. Where they cannot be had, none are offered: nothing else can be said at that moment.
extension CompletionKind {
    static var services: CompletionKind {
        names { context in
            guard let project = try? load(context.loadRequest()) else {
                return try RecordStore(context.paths()).load().records.map(\.config.service)
            }
            return project.serviceNames + project.disabledServices.map(\.name)
        }
    }

    static var profiles: CompletionKind {
        names { context in (try load(context.loadRequest())).profileNames }
    }

    static var images: CompletionKind {
        names { context in try ImageStore(root: context.roots.root).list().flatMap(\.references) }
    }

    static var volumes: CompletionKind {
        names { context in try VolumeStore(context.roots).list().map(\.name) }
    }

    static var networks: CompletionKind {
        names { context in try NetworkStore(context.roots).list().map(\.name) }
    }

    private static func names(_ list: @escaping @Sendable (Context) throws -> [String]) -> CompletionKind {
        .custom { words, _, _ in
            // The words of the command line, the program's name first.
            let (own, _) = Trice.split(Array(words.dropFirst()))
            do {
                let context = Context(try GlobalOptions(parsing: own))
                let names = Array(Set(try list(context))).sorted()
                // What follows a colon is a description to zsh.
                return CompletionShell.requesting == .zsh ? names.map { $0.replacing(":", with: "\\:") } : names
            } catch { return [] }
        }
    }
}
