// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print what a shell needs to complete command lines.",
        discussion: """
            Commands, options, and names: of services, profiles, images, volumes and networks.

            EXAMPLES
              source <(trice completion bash)
              trice completion zsh >~/.zfunc/_trice
              trice completion fish >~/.config/fish/completions/trice.fish
            """)

    /// What a script of these asks for names with. fish has no place of the cursor in a line that nobody types (`complete -C`),
    /// and leaves out its number.
    static func withCursor(_ arguments: [String]) -> [String] {
        // `---completion COMMAND … -- ARGUMENT WORD CURSOR trice …`
        guard let place = arguments.firstIndex(of: "--").map({ $0 + 3 }), place < arguments.count,
            Int(arguments[place]) == nil
        else { return arguments }
        return arguments[..<place] + ["0"] + arguments[place...]
    }

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: ArgumentHelp("bash, zsh or fish.", valueName: "SHELL"))
    var shell: Shell

    func run() {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Output.standardOutput(Trice.completionScript(for: kind))
    }
}

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Write the pages of the manual into a directory.",
        discussion: """
            EXAMPLES
              trice manual /usr/local/share/man/man1 && man trice-up
            """)

    @Argument(help: ArgumentHelp("Where to: trice.1, and trice-COMMAND.1 for each command.", valueName: "DIR"))
    var directory: String

    func run() throws {
        for page in ManualPage.all(try Trice.definition()) {
            let path = "\(directory)/\(page.name).1"
            try Effect.perform([Effect("write", .file, path)]) {
                do throws(SystemError) {
                    try makeDirectories(directory)
                    try writeAtomically(path, page.text.utf8, mode: 0o644, durable: false)
                } catch { throw Failure("\(error)") }
            }
        }
    }
}
