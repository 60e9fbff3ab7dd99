// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser

/// How `GlobalOptions` are given.
package struct GlobalArguments: ParsableCommand, Sendable {
    /// With a super-command, for what `Dispatch` has it for.
    package static let configuration = CommandConfiguration(
        commandName: "trice", _superCommandName: "", usage: Trice.configuration.usage)

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("Compose file; may be repeated, later ones override.", valueName: "FILE"),
        completion: .file())
    package var file: [String] = []

    @Option(name: [.customShort("p"), .long], help: ArgumentHelp("Project name.", valueName: "NAME"))
    package var projectName: String?

    @Option(
        help: ArgumentHelp(
            "Directory that relative paths are meant from (default: the first file's).", valueName: "DIR"),
        completion: .directory)
    package var projectDirectory: String?

    @Option(
        help: ArgumentHelp("Enable the services of this profile; may be repeated.", valueName: "PROFILE"),
        completion: .profiles)
    package var profile: [String] = []

    @Option(
        help: ArgumentHelp(
            "File of variables for the Compose file (default: .env); may be repeated.", valueName: "FILE"),
        completion: .file())
    package var envFile: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many pulls, builds, pushes, starts and stops go on at once; -1: without a bound.",
            valueName: "NUMBER"))
    package var parallel: Int?

    @Flag(help: "Take in what no service uses, too (config).")
    package var allResources = false

    @Flag(help: .hidden)
    package var compatibility = false

    @Flag(help: "Print what the command would do, and do nothing; also after the command.")
    package var dryRun = false

    @Option(help: ArgumentHelp("How progress is shown: auto, tty, plain, json, quiet.", valueName: "KIND"))
    package var progress: ProgressKind?

    @Option(help: ArgumentHelp("How mistakes in the files are said: text, json, github.", valueName: "FORMAT"))
    package var diagnostics: DiagnosticFormat = .text

    @Option(help: ArgumentHelp("Whether to use colours and cursor movement: auto, never, always.", valueName: "WHEN"))
    package var ansi: AnsiMode?

    package init() {}

    var values: GlobalOptions {
        var options = GlobalOptions()
        options.file = file
        options.projectName = projectName
        options.projectDirectory = projectDirectory
        options.profile = profile
        options.envFile = envFile
        options.parallel = parallel
        options.allResources = allResources
        options.compatibility = compatibility
        options.dryRun = dryRun
        options.progress = progress
        options.diagnostics = diagnostics
        options.ansi = ansi
        return options
    }
}
