// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

// The enumerations with values that most files use (see `CaseName`).

extension RestartPolicy {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "no": self = .no
        case "always": self = .always
        case "onFailure": self = .onFailure(attempts: try it.optional("attempts"))
        case "unlessStopped": self = .unlessStopped
        case "unknown": self = .unknown(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .no: encoder.values(of: "no")
        case .always: encoder.values(of: "always")
        case .onFailure(let attempts):
            var values = encoder.values(of: "onFailure")
            try values.encodeIfPresent(attempts, forKey: "attempts")
        case .unlessStopped: encoder.values(of: "unlessStopped")
        case .unknown(let text): try encoder.encode(text, of: "unknown")
        }
    }
}

extension Mount {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "bind": self = .bind(try it["_0"])
        case "volume": self = .volume(try it["_0"])
        case "tmpfs": self = .tmpfs(try it["_0"])
        case "image": self = .image(try it["_0"])
        case "other": self = .other(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .bind(let mount): try encoder.encode(mount, of: "bind")
        case .volume(let mount): try encoder.encode(mount, of: "volume")
        case .tmpfs(let mount): try encoder.encode(mount, of: "tmpfs")
        case .image(let mount): try encoder.encode(mount, of: "image")
        case .other(let mount): try encoder.encode(mount, of: "other")
        }
    }
}

extension Healthcheck.Test {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "none": self = .none
        case "exec": self = .exec(try it["_0"])
        case "shell": self = .shell(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .none: encoder.values(of: "none")
        case .exec(let arguments): try encoder.encode(arguments, of: "exec")
        case .shell(let line): try encoder.encode(line, of: "shell")
        }
    }
}

extension NetworkMode {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "none": self = .none
        case "host": self = .host
        case "bridge": self = .bridge
        case "service": self = .service(try it["_0"])
        case "container": self = .container(try it["_0"])
        case "other": self = .other(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .none: encoder.values(of: "none")
        case .host: encoder.values(of: "host")
        case .bridge: encoder.values(of: "bridge")
        case .service(let name): try encoder.encode(name, of: "service")
        case .container(let name): try encoder.encode(name, of: "container")
        case .other(let text): try encoder.encode(text, of: "other")
        }
    }
}
