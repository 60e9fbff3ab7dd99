// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Request.Command {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "up": self = .up(try it["_0"])
        case "down": self = .down(try it["_0"])
        case "start": self = .start(services: try it["services"], wait: try it["wait"])
        case "stop": self = .stop(services: try it["services"], timeout: try it.optional("timeout"))
        case "restart":
            self = .restart(
                services: try it["services"], timeout: try it.optional("timeout"),
                ignoreDependencies: try it["ignoreDependencies"])
        case "kill":
            self = .kill(services: try it["services"], signal: try it["signal"], index: try it.optional("index"))
        case "pause": self = .pause(services: try it["services"], frozen: try it["frozen"])
        case "remove": self = .remove(services: try it["services"], stop: try it["stop"], volumes: try it["volumes"])
        case "exec": self = .exec(try it["_0"])
        case "run": self = .run(try it["_0"])
        case "attach": self = .attach(service: try it["service"], index: try it["index"])
        case "wait": self = .wait(services: try it["services"], any: try it["any"])
        case "connect": self = .connect(container: try it["container"], try it["_1"])
        case "disconnect": self = .disconnect(container: try it["container"], network: try it["network"])
        case "boot": self = .boot
        case "events": self = .events(since: try it.optional("since"))
        case "status": self = .status
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .up(let value): try encoder.encode(value, of: "up")
        case .down(let value): try encoder.encode(value, of: "down")
        case .start(let services, let wait):
            var values = encoder.values(of: "start")
            try values.encode(services, forKey: "services")
            try values.encode(wait, forKey: "wait")
        case .stop(let services, let timeout):
            var values = encoder.values(of: "stop")
            try values.encode(services, forKey: "services")
            try values.encodeIfPresent(timeout, forKey: "timeout")
        case .restart(let services, let timeout, let ignoreDependencies):
            var values = encoder.values(of: "restart")
            try values.encode(services, forKey: "services")
            try values.encodeIfPresent(timeout, forKey: "timeout")
            try values.encode(ignoreDependencies, forKey: "ignoreDependencies")
        case .kill(let services, let signal, let index):
            var values = encoder.values(of: "kill")
            try values.encode(services, forKey: "services")
            try values.encode(signal, forKey: "signal")
            try values.encodeIfPresent(index, forKey: "index")
        case .pause(let services, let frozen):
            var values = encoder.values(of: "pause")
            try values.encode(services, forKey: "services")
            try values.encode(frozen, forKey: "frozen")
        case .remove(let services, let stop, let volumes):
            var values = encoder.values(of: "remove")
            try values.encode(services, forKey: "services")
            try values.encode(stop, forKey: "stop")
            try values.encode(volumes, forKey: "volumes")
        case .exec(let value): try encoder.encode(value, of: "exec")
        case .run(let value): try encoder.encode(value, of: "run")
        case .attach(let service, let index):
            var values = encoder.values(of: "attach")
            try values.encode(service, forKey: "service")
            try values.encode(index, forKey: "index")
        case .wait(let services, let any_):
            var values = encoder.values(of: "wait")
            try values.encode(services, forKey: "services")
            try values.encode(any_, forKey: "any")
        case .connect(let container, let value1):
            var values = encoder.values(of: "connect")
            try values.encode(container, forKey: "container")
            try values.encode(value1, forKey: "_1")
        case .disconnect(let container, let network):
            var values = encoder.values(of: "disconnect")
            try values.encode(container, forKey: "container")
            try values.encode(network, forKey: "network")
        case .boot: encoder.values(of: "boot")
        case .events(let since):
            var values = encoder.values(of: "events")
            try values.encodeIfPresent(since, forKey: "since")
        case .status: encoder.values(of: "status")
        }
    }
}

extension Reply {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "event": self = .event(try it["_0"])
        case "warning": self = .warning(try it["_0"])
        case "terminal": self = .terminal
        case "started": self = .started(try it["_0"])
        case "status": self = .status(try it["_0"])
        case "failed": self = .failed(try it["_0"])
        case "finished": self = .finished(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .event(let value): try encoder.encode(value, of: "event")
        case .warning(let value): try encoder.encode(value, of: "warning")
        case .terminal: encoder.values(of: "terminal")
        case .started(let value): try encoder.encode(value, of: "started")
        case .status(let value): try encoder.encode(value, of: "status")
        case .failed(let value): try encoder.encode(value, of: "failed")
        case .finished(let value): try encoder.encode(value, of: "finished")
        }
    }
}
