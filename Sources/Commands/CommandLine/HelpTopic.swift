// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What `trice help TOPIC` tells beside the commands' own help.
enum HelpTopic: String, CaseIterable {
    case exitCodes = "exit-codes"
    case environment

    var summary: String {
        switch self {
        case .exitCodes: "What a command's exit status means."
        case .environment: "The variables that trice reads."
        }
    }

    /// A term and what it means.
    var entries: [(term: String, meaning: String)] {
        switch self {
        case .exitCodes:
            [
                ("0", "All is as asked."),
                ("1", "It failed, and standard error says where and why; also: a command without arguments."),
                ("2", "plan --detailed-exitcode: there is something to do."),
                ("14", "No Compose file was found."),
                ("15", "The Compose files are wrong; each mistake is at FILE:LINE:COLUMN."),
                ("16", "The command line is wrong."),
                ("125", "A container could not be made."),
                ("126", "A container's command cannot be run: it is no program, or not allowed."),
                ("127", "A container's command was not found."),
                ("130", "up or watch was ended with Ctrl-C."),
                ("128 + N", "The process of exec, run, attach or --exit-code-from was killed by signal N."),
                ("255", "The process ended while nobody could ask the kernel how."),
                ("else", "exec, run, attach, wait, up --exit-code-from: the status of the process."),
            ]
        case .environment:
            [
                ("COMPOSE_FILE", "Compose files in place of -f, with : between them."),
                ("COMPOSE_PATH_SEPARATOR", "What stands between them instead of :."),
                ("COMPOSE_PROJECT_NAME", "The project's name, in place of -p."),
                ("COMPOSE_PROFILES", "Profiles that are enabled, with commas between them, in place of --profile."),
                ("COMPOSE_ENV_FILES", "Files of variables, with commas between them, in place of --env-file."),
                ("COMPOSE_DISABLE_ENV_FILE", "With 1 or true, no .env is read."),
                ("COMPOSE_PROGRESS", "How progress is shown, in place of --progress."),
                ("COMPOSE_ANSI", "Whether to use colours and cursor movement, in place of --ansi."),
                ("COMPOSE_REMOVE_ORPHANS", "With 1 or true, up, create and run remove orphans."),
                ("COMPOSE_PARALLEL_LIMIT", "How many things go on at once, in place of --parallel."),
                ("COMPOSE_MENU", "With 1 or true, up takes keys on a terminal, as with --menu."),
                ("NO_COLOR", "Not empty: no colours."),
                ("TERM", "dumb: no colours, and no cursor movement."),
                ("TRICE_ROOT", "Where images, volumes, records and logs are kept (/var/lib/trice)."),
                ("TRICE_RUN", "Where sockets, pipes and locks are (/run/trice)."),
                ("XDG_DATA_HOME", "Without root's rights: TRICE_ROOT is its trice/ (~/.local/share/trice)."),
                ("XDG_RUNTIME_DIR", "Without root's rights: TRICE_RUN is its trice/ (/run/user/UID/trice)."),
            ]
        }
    }

    var text: String {
        var table = Table()
        for (term, meaning) in entries { table.add("  \(term)", meaning) }
        return "\(summary)\n\n\(table.text)"
    }
}
