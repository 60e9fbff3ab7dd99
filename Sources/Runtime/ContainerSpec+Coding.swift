// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension ContainerSpec.MountSpec.Kind {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "bind": self = .bind
        case "tmpfs": self = .tmpfs
        case "image": self = .image(try it["_0"])
        case "shared": self = .shared(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .bind: encoder.values(of: "bind")
        case .tmpfs: encoder.values(of: "tmpfs")
        case .image(let value): try encoder.encode(value, of: "image")
        case .shared(let value): try encoder.encode(value, of: "shared")
        }
    }
}

extension ContainerSpec.Namespaces.Source {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "own": self = .own
        case "host": self = .host
        case "process": self = .process(try it["_0"])
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .own: encoder.values(of: "own")
        case .host: encoder.values(of: "host")
        case .process(let value): try encoder.encode(value, of: "process")
        }
    }
}
