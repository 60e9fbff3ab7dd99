// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser

struct SystemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "system", abstract: "Look after what trice has on this host.",
        subcommands: [SystemBoot.self, SystemCheck.self, SystemDiskUsage.self, SystemPrune.self])
}
