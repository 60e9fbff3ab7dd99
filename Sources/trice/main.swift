// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Commands
import Images
import Linux
import Runtime
import Supervisor

// The launcher clones processes: it is entered before anything else of this program has run.
if CommandLine.arguments.count == 3, CommandLine.arguments[1] == SupervisorStart.launcherArgument {
    SupervisorStart.runLauncher(ProjectPaths(Roots.fromEnvironment(), project: CommandLine.arguments[2]))
}
if CommandLine.arguments.count == 4, CommandLine.arguments[1] == UnpackProcess.argument {
    UnpackProcess.run(CommandLine.arguments[2], limit: CommandLine.arguments[3])
}
if CommandLine.arguments.count == 2, CommandLine.arguments[1] == Holder.argument {
    Holder.run(Roots.fromEnvironment())
}
#if FAULT_POINTS
    FaultPoint.begin("command", in: Roots.fromEnvironment().run)
#endif
Trice.run(Array(CommandLine.arguments.dropFirst()), as: CommandLine.arguments.first ?? "trice")
