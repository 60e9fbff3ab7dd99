// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core

/// trice under the name `docker-compose`: as a program of its own, and as docker's plugin for `docker compose`.
///
/// docker starts its plugins with `docker-cli-plugin-metadata`, to hear what they are, and then with the words of its own
/// command line, `compose` included (docker/cli, cli-plugins/metadata).
package enum DockerComposeGuise {
    static let name = "docker-compose"

    /// The docker compose whose commands and flags these are; scripts compare its number.
    package static let version = "5.6.1"

    static func isWorn(as program: String) -> Bool { program.split(separator: "/").last.map(String.init) == name }

    static var versionText: String { "\(version)+trice-\(Trice.version)" }

    static let metadata =
        #"{"SchemaVersion":"0.1.0","Vendor":"The trice authors","Version":"\#(versionText)","ShortDescription":"Docker Compose's commands, by trice"}"#

    /// The arguments after docker's own.
    ///
    /// - Throws: `Failure` for an option of docker's that chooses another engine.
    static func withoutDockersOwn(_ arguments: [String]) throws(Failure) -> [String] {
        guard let place = arguments.firstIndex(of: "compose") else { return arguments }
        var rest = arguments[..<place]
        while let option = rest.popFirst() {
            switch option {
            case "-D", "--debug": continue
            case "-l", "--log-level": rest = rest.dropFirst()
            case _ where option.hasPrefix("--log-level="): continue
            // A value of compose's own: `-f compose up` is no plugin's command line.
            case _ where Set(["-f", "-p", "--file", "--project-name", "--profile", "--env-file"]).contains(option):
                return arguments
            case _ where option.hasPrefix("-"):
                throw Failure(
                    "docker's option \(option) is not supported: trice runs stacks on this host", exitCode: 16)
            default: return arguments
            }
        }
        return Array(arguments[(place + 1)...])
    }
}
