// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// `tag` of a log driver: text with fields of the container, as Docker's templates have them (moby,
/// daemon/logger/loggerutils).
package struct LogTag: Hashable, Sendable {
    package struct ParseError: Error, CustomStringConvertible {
        package let description: String
    }

    private enum Part: Hashable, Sendable {
        case text(String)
        case field(Field)
    }

    private enum Field: String, CaseIterable, Sendable {
        case id = "ID"
        case fullID = "FullID"
        case name = "Name"
        case imageID = "ImageID"
        case imageFullID = "ImageFullID"
        case imageName = "ImageName"
        case daemonName = "DaemonName"
    }

    static let `default` = LogTag(parts: [.field(.id)])

    private var parts: [Part]

    private init(parts: [Part]) { self.parts = parts }

    init(_ template: String) throws(ParseError) {
        guard let split = TemplatePart.split(template) else {
            throw ParseError(description: "has a {{ without its }}")
        }
        parts = []
        for part in split {
            switch part {
            case .text(let text): parts.append(.text(text))
            case .field(let text): parts.append(.field(try LogTag.field(text.filter { $0 != " " })))
            }
        }
    }

    private static func field(_ name: String) throws(ParseError) -> Field {
        guard name.hasPrefix("."), let field = Field(rawValue: String(name.dropFirst())) else {
            let known = Field.allCases.map { "{{.\($0.rawValue)}}" }.joined(separator: ", ")
            throw ParseError(description: "has {{\(name)}}, which is none of \(known)")
        }
        return field
    }

    func text(for config: ContainerConfig) -> String {
        let imageID = config.imageID.split(separator: ":").last.map(String.init) ?? config.imageID
        return parts.map { part in
            switch part {
            case .text(let text): text
            case .field(.id): String(config.id.prefix(12))
            case .field(.fullID): config.id
            case .field(.name): config.name
            case .field(.imageID): String(imageID.prefix(12))
            case .field(.imageFullID): config.imageID
            case .field(.imageName): config.image
            case .field(.daemonName): "trice"
            }
        }.joined()
    }
}
