// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux

extension LauncherRequest {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "create":
            self = .create(
                container: try it["container"], namespaces: try it["namespaces"],
                hasControlGroup: try it["hasControlGroup"])
        case "exec": self = .exec(id: try it["id"], hasControlGroup: try it["hasControlGroup"])
        case "keep": self = .keep(name: try it["name"])
        case "drop": self = .drop(name: try it["name"])
        case "forget": self = .forget(pid: try it["pid"])
        case "trace": self = .trace
        case "quit": self = .quit
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .create(let container, let namespaces, let hasControlGroup):
            var values = encoder.values(of: "create")
            try values.encode(container, forKey: "container")
            try values.encode(namespaces, forKey: "namespaces")
            try values.encode(hasControlGroup, forKey: "hasControlGroup")
        case .exec(let id, let hasControlGroup):
            var values = encoder.values(of: "exec")
            try values.encode(id, forKey: "id")
            try values.encode(hasControlGroup, forKey: "hasControlGroup")
        case .keep(let name): try encoder.encode(name, as: "name", of: "keep")
        case .drop(let name): try encoder.encode(name, as: "name", of: "drop")
        case .forget(let pid): try encoder.encode(pid, as: "pid", of: "forget")
        case .trace: encoder.values(of: "trace")
        case .quit: encoder.values(of: "quit")
        }
    }
}

extension LauncherReply {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "hello": self = .hello(children: try it["children"], ended: try it["ended"], kept: try it["kept"])
        case "kept": self = .kept(name: try it["name"])
        case "created": self = .created(id: try it["id"], pid: try it["pid"])
        case "failed": self = .failed(id: try it["id"], failure: try it["failure"])
        case "ended": self = .ended(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .hello(let children, let ended, let kept):
            var values = encoder.values(of: "hello")
            try values.encode(children, forKey: "children")
            try values.encode(ended, forKey: "ended")
            try values.encode(kept, forKey: "kept")
        case .kept(let name): try encoder.encode(name, as: "name", of: "kept")
        case .created(let id, let pid):
            var values = encoder.values(of: "created")
            try values.encode(id, forKey: "id")
            try values.encode(pid, forKey: "pid")
        case .failed(let id, let failure):
            var values = encoder.values(of: "failed")
            try values.encode(id, forKey: "id")
            try values.encode(failure, forKey: "failure")
        case .ended(let value): try encoder.encode(value, of: "ended")
        }
    }
}

extension SetupMessage {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "failed": self = .failed(try it["_0"])
        case "terminal": self = .terminal
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .failed(let value): try encoder.encode(value, of: "failed")
        case .terminal: encoder.values(of: "terminal")
        }
    }
}
