// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux

/// An instruction of a Dockerfile that says how containers run.
enum ImageChange {
    static func apply(_ text: String, to config: inout ImageConfig) throws {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw Failure("--change \"\(text)\": an instruction and its arguments are wanted")
        }
        let argument = parts[1]
        switch parts[0].uppercased() {
        case "CMD": config.cmd = try command(argument)
        case "ENTRYPOINT": config.entrypoint = try command(argument)
        case "ENV":
            for word in try words(argument) {
                guard word.contains("=") else { throw Failure("--change \"\(text)\": NAME=VALUE is wanted") }
                config.env = (config.env ?? []) + [word]
            }
        case "EXPOSE":
            for port in try words(argument) {
                config.exposedPorts = (config.exposedPorts ?? [:]).merging([
                    port.contains("/") ? port : "\(port)/tcp": .init()
                ]) { $1 }
            }
        case "LABEL":
            for word in try words(argument) {
                let pair = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                config.labels = (config.labels ?? [:]).merging([pair[0]: pair.count > 1 ? pair[1] : ""]) { $1 }
            }
        case "STOPSIGNAL":
            guard signalNumber(argument) != nil else { throw Failure("--change \"\(text)\": \(argument) is no signal") }
            config.stopSignal = argument
        case "USER": config.user = argument
        case "VOLUME":
            for path in argument.hasPrefix("[") ? try command(argument) : try words(argument) {
                config.volumes = (config.volumes ?? [:]).merging([path: .init()]) { $1 }
            }
        case "WORKDIR": config.workingDir = argument
        default: throw Failure("--change \"\(text)\": \(parts[0]) is not supported")
        }
    }

    /// A list in JSON, or a line for the shell.
    private static func command(_ text: String) throws -> [String] {
        if text.hasPrefix("[") {
            do { return try decodeJSON([String].self, from: Array(text.utf8)) } catch {
                throw Failure("\(text) is no list of strings")
            }
        }
        return ["/bin/sh", "-c", text]
    }

    private static func words(_ text: String) throws -> [String] {
        guard let words = commandWords(text) else { throw Failure("\(text): a quote is not closed") }
        return words
    }
}
