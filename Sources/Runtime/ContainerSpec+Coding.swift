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
        case .bind: _ = encoder.values(of: "bind")
        case .tmpfs: _ = encoder.values(of: "tmpfs")
        case .image(let value):
            var values = encoder.values(of: "image")
            try values.encode(value, forKey: "_0")
        case .shared(let value):
            var values = encoder.values(of: "shared")
            try values.encode(value, forKey: "_0")
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
        case .own: _ = encoder.values(of: "own")
        case .host: _ = encoder.values(of: "host")
        case .process(let value):
            var values = encoder.values(of: "process")
            try values.encode(value, forKey: "_0")
        }
    }
}
